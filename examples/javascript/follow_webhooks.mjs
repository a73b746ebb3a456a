// Follow webhooks: take events, and heed only those whose signature fits (Standard Webhooks).
//
//     QUIETLINE_WEBHOOK_SECRET=whsec_... node follow_webhooks.mjs 8080
//
// It stands behind your web server, which speaks https. Events are told to it once the address is made known with
// POST /api/v1/webhooks; the answer to that holds the secret.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const SECRET = Buffer.from(process.env.QUIETLINE_WEBHOOK_SECRET.replace(/^whsec_/, ""), "base64");
const OLDEST_SECONDS = 300;
const seen = new Set();

// Whether an event comes from the platform, as it was sent, and just now.
function isGenuine(headers, body) {
  const id = headers["webhook-id"] ?? "";
  const moment = headers["webhook-timestamp"] ?? "";
  if (!/^\d+$/.test(moment) || Math.abs(Date.now() / 1000 - Number(moment)) > OLDEST_SECONDS) return false;
  const wanted = Buffer.from("v1," + createHmac("sha256", SECRET).update(`${id}.${moment}.`).update(body).digest("base64"));
  return (headers["webhook-signature"] ?? "").split(" ").map((given) => Buffer.from(given))
    .some((given) => given.length === wanted.length && timingSafeEqual(given, wanted));
}

createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  if (!isGenuine(request.headers, body)) {
    response.writeHead(401).end();
    return;
  }
  if (!seen.has(request.headers["webhook-id"])) { // an event whose answer got lost comes again, under the same id
    seen.add(request.headers["webhook-id"]);
    const event = JSON.parse(body.toString("utf-8"));
    console.log(event.type, JSON.stringify(event.data));
  }
  response.writeHead(204).end(); // within ten seconds; do what takes longer afterwards
}).listen(Number(process.argv[2]), "127.0.0.1");
