-- wrk: one ready-made body over and over; the limit of what a client can spend.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = io.open(os.getenv("BODY")):read("*l")
