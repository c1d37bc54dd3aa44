// What Node does with the same emails, for tools/bench/render_speed.py: one JSON line in, one JSON line out.
// First line: {name: {mjml, html, subject, text, values}}, templates as Handlebars. Then {do, template, times} gives
// {cpu_ms, wall_ms} for one mail, or with times 0 {html, raw}: what was made, so that it can be compared.
// Handlebars templates are compiled beforehand and not strict. `layout_each` is MJML with its default check.
import { createInterface } from "node:readline";
import Handlebars from "handlebars";
import mjml2html from "mjml";
import MailComposer from "nodemailer/lib/mail-composer";

const MONTHS = "January February March April May June July August September October November December".split(" ");
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const cents = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
Handlebars.registerHelper("money", (value) => `$${(Number.isInteger(value) ? whole : cents).format(value)}`);
Handlebars.registerHelper("default", (value, instead) => value || instead);
Handlebars.registerHelper("date", (value) => {
  const [year, month, day] = value.split("-");
  return `${Number(day)} ${MONTHS[month - 1]} ${year}`;
});

const layout = (mjml, validationLevel = "skip") => mjml2html(mjml, { validationLevel, fonts: {} });

function mail({ subject, html, text }, textEncoding) {
  return new MailComposer({
    from: { name: "Grace Hopper", address: "grace@gitlab.example" },
    to: { name: "Ada Byron", address: "ada@northwind.example" },
    subject,
    html,
    text,
    textEncoding,
    date: new Date("2026-11-22T09:30:00Z"),
    headers: { "X-Rapport-Id": "019a019a019a019a" },
  })
    .compile()
    .build();
}

async function prepared({ mjml, html, subject, text, values }) {
  const fill = {
    mjml: Handlebars.compile(mjml),
    once: Handlebars.compile((await layout(mjml)).html),
    ours: Handlebars.compile(html),
    subject: Handlebars.compile(subject, { noEscape: true }),
    text: Handlebars.compile(text, { noEscape: true }),
  };
  const filled = (which) => ({ subject: fill.subject(values), html: fill[which](values), text: fill.text(values) });
  return {
    layout_each: async () => ({ html: (await layout(fill.mjml(values), "soft")).html }),
    layout_each_unchecked: async () => ({ html: (await layout(fill.mjml(values))).html }),
    layout_once: () => ({ html: fill.once(values) }),
    three_parts_once: () => filled("once"),
    mail_qp: async () => ({ raw: await mail(filled("once"), "quoted-printable") }),
    mail_base64: async () => ({ raw: await mail(filled("once"), "base64") }),
    mail_of_our_html: async () => ({ raw: await mail(filled("ours"), "base64") }),
  };
}

async function measured(deed, times) {
  const cpu = process.cpuUsage();
  const wall = process.hrtime.bigint();
  for (let n = 0; n < times; n++) await deed();
  const wall_ms = Number(process.hrtime.bigint() - wall) / 1e6 / times;
  const { user, system } = process.cpuUsage(cpu);
  return { cpu_ms: (user + system) / 1000 / times, wall_ms };
}

let templates;
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  let answer = {};
  if (!templates) {
    templates = {};
    for (const [name, one] of Object.entries(asked)) templates[name] = await prepared(one);
  } else if (asked.times) {
    answer = await measured(templates[asked.template][asked.do], asked.times);
  } else {
    const { html, raw } = await templates[asked.template][asked.do]();
    answer = { html, raw: raw?.toString("latin1") };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
