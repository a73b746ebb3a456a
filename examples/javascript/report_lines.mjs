// Report lines, as their operator: an array of {reference, number, kind, happened_at, to} as JSON.
//
//     QUIETLINE_URL=https://quietline.example QUIETLINE_KEY=qlk_... node report_lines.mjs lines.json

import { readFile } from "node:fs/promises";

const { QUIETLINE_URL, QUIETLINE_KEY } = process.env;
const MOST = 5000;

// Each is accepted or refused by itself; the same events again change nothing.
async function report(events) {
  const answer = await fetch(`${QUIETLINE_URL}/api/v1/lines/events`, {
    method: "POST",
    headers: { Authorization: `Bearer ${QUIETLINE_KEY}`, "Content-Type": "application/json" },
    body: JSON.stringify({ events }),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(`${told.code}: ${told.detail} ${told.errors.map((error) => error.field)}`);
  return told;
}

const events = JSON.parse(await readFile(process.argv[2], "utf-8"));
for (let start = 0; start < events.length; start += MOST) {
  const told = await report(events.slice(start, start + MOST));
  console.log("accepted:", told.accepted, "refused:", told.refused);
  for (const item of told.items) if (item.reason) console.log(item.reference, item.reason);
}
