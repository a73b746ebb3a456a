// Wash numbers: may each be called, by which rule, and until when may that be relied on?
//
//     QUIETLINE_URL=https://quietline.example QUIETLINE_KEY=qlk_... node wash_numbers.mjs NUMBER ...

const { QUIETLINE_URL, QUIETLINE_KEY } = process.env;
const FACTS = { purpose: "sales", channel: "live_voice", callee_class: "residential", caller_id: "shown" };

// Up to 10,000 numbers; with a reference, the same call again gives the same answer and costs nothing.
async function wash(numbers, reference = "") {
  const answer = await fetch(`${QUIETLINE_URL}/api/v1/washes`, {
    method: "POST",
    headers: { Authorization: `Bearer ${QUIETLINE_KEY}`, "Content-Type": "application/json" },
    body: JSON.stringify({ numbers, facts: FACTS, reference }),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(`${told.code}: ${told.detail}`);
  return told.numbers.map((place) => told.outcomes[place]);
}

const numbers = process.argv.slice(2);
const outcomes = await wash(numbers);
outcomes.forEach((outcome, place) => {
  const until = outcome.valid_until ?? outcome.next_permitted_at ?? "";
  console.log(numbers[place], outcome.verdict, outcome.reason, until);
});
