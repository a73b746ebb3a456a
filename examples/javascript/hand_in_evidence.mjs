// Hand in evidence: a file of records as JSON, an array of {reference, kind, number, happened_at, form, source, ...}.
//
//     QUIETLINE_URL=https://quietline.example QUIETLINE_KEY=qlk_... node hand_in_evidence.mjs records.json

import { readFile } from "node:fs/promises";

const { QUIETLINE_URL, QUIETLINE_KEY } = process.env;
const MOST = 5000;

// All are recorded, or none; records that are known already are not recorded twice.
async function handIn(records) {
  const answer = await fetch(`${QUIETLINE_URL}/api/v1/evidence/records`, {
    method: "POST",
    headers: { Authorization: `Bearer ${QUIETLINE_KEY}`, "Content-Type": "application/json" },
    body: JSON.stringify({ records }),
  });
  const told = await answer.json();
  if (!answer.ok) {
    const wrong = told.errors.map((error) => `\n  ${error.field}: ${error.detail}`).join("");
    throw new Error(`${told.code}: ${told.detail}${wrong}`);
  }
  return told;
}

const records = JSON.parse(await readFile(process.argv[2], "utf-8"));
for (let start = 0; start < records.length; start += MOST) {
  const told = await handIn(records.slice(start, start + MOST));
  console.log("new:", told.new, "known:", told.known, "root:", told.root);
}
