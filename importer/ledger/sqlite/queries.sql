-- fragment: wave_of_r
-- Of a row `r` of a job with waves (their names as JSON, and how many there are) its wave; else nothing.
COALESCE(', wave ' || json_extract(:waves, '$[' || (r.seq % :each) || ']'), '')
