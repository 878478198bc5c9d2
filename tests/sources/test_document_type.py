"""No part of a workbook declares a document type, in whatever encoding."""

import zipfile

import pytest

from importer.sources.probe import _refuse_document_type

TEXT = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_document_type_is_refused(coding: str) -> None:
    with pytest.raises(zipfile.BadZipFile, match="document type"):
        _refuse_document_type(TEXT.encode(coding))


@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_a_part_that_speaks_of_one_is_read(coding: str) -> None:
    _refuse_document_type("<a>&lt;!DOCTYPE html> and &lt;!ENTITY</a>".encode(coding))
