// k6: shared iterations over the ready-made bodies.
import http from "k6/http";
import exec from "k6/execution";
import { SharedArray } from "k6/data";

const lines = new SharedArray("bodies", () => open(__ENV.BODIES).trim().split("\n"));

export const options = {
  scenarios: {
    all: {
      executor: "shared-iterations",
      vus: Number(__ENV.CONCURRENCY),
      iterations: lines.length,
      maxDuration: "30m",
    },
  },
};

export default function () {
  http.post(__ENV.URL, lines[exec.scenario.iterationInTest], {
    headers: { "Content-Type": "application/json" },
  });
}
