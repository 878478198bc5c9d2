"""The script that most people would write: pandas, iterrows, json, aiohttp and gather, to_csv."""

import asyncio
import json
import sys

import aiohttp
import pandas as pd

KEY = "bench-0123456789abcdef"
CAMPAIGN = "5d2f6c1e9b0a4c0017a3e1b2"
SCORE = "79593580-95a7-11ed-8974-9b5d06700b8d"
COMMENT = "8a2f1c40-95a7-11ed-8974-9b5d06700b8d"
RENEW = "9b1d7e50-95a7-11ed-8974-9b5d06700b8d"
RENEWS = {"Yes": "Renews", "No": "Leaves", "Not sure": "Undecided"}
PLANS = {"free": "Free", "pro": "Pro", "ent": "Enterprise"}


def body(row: pd.Series) -> str:
    answers = [{"id": SCORE, "value": int(row["Score"])}]
    if row["Comment"]:
        answers.append({"id": COMMENT, "value": row["Comment"]})
    answers.append({"id": RENEW, "value": RENEWS[row["Would you renew?"]]})
    signed = pd.to_datetime(row["Signed up"], format="%d.%m.%Y")
    created = pd.to_datetime(row["Created At"], format="%Y-%m-%d %H:%M:%S")
    return json.dumps(
        {
            "writeKey": KEY,
            "campaign": CAMPAIGN,
            "method": "Email",
            "userId": row["Customer ID"],
            "traits": {
                "email": row["Email"].lower(),
                "plan": PLANS[row["Plan"]],
                "createdAt": signed.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "respondedAt": created.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            },
            "answers": answers,
        }
    )


async def main(table: str, url: str, concurrency: int, results: str) -> None:
    frame = pd.read_csv(table, dtype=str, keep_default_na=False)
    gate = asyncio.Semaphore(concurrency)
    async with aiohttp.ClientSession(headers={"Content-Type": "application/json"}) as session:

        async def post(row: pd.Series) -> int:
            async with gate, session.post(url, data=body(row)) as reply:
                await reply.text()
                return reply.status

        statuses = await asyncio.gather(*(post(row) for _, row in frame.iterrows()))
    frame["status"] = statuses
    frame.to_csv(results, index=False)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
