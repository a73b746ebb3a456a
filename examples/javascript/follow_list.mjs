// Follow the list of an area: the full list once, from then on what has changed. Run it every day.
//
//     QUIETLINE_URL=https://quietline.example QUIETLINE_KEY=qlk_... node follow_list.mjs 1212
//
// The numbers that must not be called stand in 1212.txt, one a line; 1212.version says how new they are.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";

const { QUIETLINE_URL, QUIETLINE_KEY } = process.env;

async function ask(path) {
  const answer = await fetch(`${QUIETLINE_URL}/api/v1${path}`, { headers: { Authorization: `Bearer ${QUIETLINE_KEY}` } });
  if (!answer.ok) {
    const told = await answer.json();
    throw new Error(`${told.code}: ${told.detail}`);
  }
  return answer;
}

// The zip has one member: its data begins after a header of 30 bytes, the name and the extra fields.
function unzip(archive) {
  return inflateRawSync(archive.subarray(30 + archive.readUInt16LE(26) + archive.readUInt16LE(28))).toString("utf-8");
}

const area = process.argv[2];
const since = existsSync(`${area}.version`) ? Number(readFileSync(`${area}.version`, "utf-8")) : 0;
const lists = (await (await ask("/lists")).json()).items;
const newest = lists.find((one) => one.area === area)?.version;
if (newest === since) {
  console.log(`version ${since} is the newest`);
} else {
  const answer = await ask(`/lists/${area}/csv?since=${since}`);
  const version = Number(answer.headers.get("Quietline-List-Version"));
  const lines = unzip(Buffer.from(await answer.arrayBuffer())).trim().split("\n").slice(1);
  const numbers = new Set(since ? readFileSync(`${area}.txt`, "utf-8").trim().split("\n") : []);
  for (const line of lines) {
    const fields = line.trim().split(","); // of changes: op,number,date,terms; of the full list: number,date,terms
    if (!since) numbers.add(fields[0]);
    else if (fields[0] === "A") numbers.add(fields[1]);
    else numbers.delete(fields[1]);
  }
  writeFileSync(`${area}.txt`, [...numbers].sort().join("\n") + "\n");
  writeFileSync(`${area}.version`, String(version));
  console.log(`version ${version}: ${numbers.size} numbers`);
}
