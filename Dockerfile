# The importer as an image: docker build -t satismeter-importer .
# Nothing of yours is in it. Mount what it works on at /import: files, mapping and the ledger (state/), which has
# to outlive the container, since it knows what was sent. Extras: --build-arg EXTRAS=dask,postgres. docs/scheduling.md shows how.
FROM python:3.13-slim AS build
ARG EXTRAS=""
COPY . /src
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r /src/requirements.lock \
    && /venv/bin/pip install --no-cache-dir --no-deps /src \
    && if [ -n "$EXTRAS" ]; then /venv/bin/pip install --no-cache-dir -c /src/constraints.txt "/src[$EXTRAS]"; fi

FROM python:3.13-slim
COPY --from=build /venv /venv
RUN useradd --uid 10001 --no-create-home --home-dir /import importer \
    && mkdir -m 0700 /import && chown 10001:10001 /import
ENV PATH=/venv/bin:$PATH IMPORTER_STATE=/import/state PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /import
VOLUME /import
ENTRYPOINT ["importer"]
CMD ["--help"]
