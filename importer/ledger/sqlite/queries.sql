-- fragment: wave_of_r
-- Of a row `r` of a job with waves (their names as JSON, and how many there are) its wave; else nothing.
COALESCE(', wave ' || json_extract(:waves, '$[' || (r.seq % :each) || ']'), '')

-- fragment: traits_disagree
-- Whether those of a person's rows that may be sent do. (COUNT(DISTINCT) would lay out room for each.)
MIN(CASE WHEN {may_be_sent} THEN traits END) <> MAX(CASE WHEN {may_be_sent} THEN traits END)
