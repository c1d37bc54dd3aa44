// `standIn.write({kind, form, to, subject, body, signature, plain})` opens a mail, `standIn.open({…})` a conversation.
const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};
const SYNC = `/sync/u/${document.body.dataset.which}/i/s?hl=en&c=1`;
const number = () => String(crypto.getRandomValues(new BigInt64Array(1))[0]);

const recipientsOf = {
  new: (kind, addresses) => make('div', { name: kind }, make('div', { role: 'listbox' },
    ...addresses.map((one) => make('div', { role: 'option', 'data-hovercard-id': one }, one)))),
  old: (kind, addresses) => make('table', {}, make('tr', {}, make('td', {},
    ...addresses.map((one) => make('div', { class: 'vR' }, make('span', { email: one }, one))),
    make('textarea', { name: kind })))),
  unheard_of: (kind, addresses) => make('gm-people', { for: kind }, addresses.join(' ')),
};

function paragraphs(texts) {
  return texts.map((text) => make('div', {}, text === '' ? make('br') : text));
}

const signatureOf = (name) => [
  make('span', { class: 'gmail_signature_prefix' }, '-- '),
  make('div', { class: 'gmail_signature', 'data-smartmail': 'gmail_signature' }, make('b', {}, name)),
];

const wholes = {
  popup: (inside) => {
    const whole = make('div', { class: 'AD' }, make('div', { role: 'dialog' }, inside));
    document.querySelector('.dw .no').append(whole);
    return whole;
  },
  full_screen: (inside) => {
    const whole = make('div', { class: 'aSs' }, make('div', { class: 'aSt' }, make('div', { role: 'dialog' }, inside)));
    document.body.append(whole);
    return whole;
  },
  inline: (inside) => {
    const whole = make('div', { class: 'ip adB' }, make('div', { class: 'M9' }, inside));
    document.querySelector('.thread').append(whole);
    return whole;
  },
  // In a window of its own (?view=btop): nothing is around it that the page has elsewhere.
  pop_out: (inside) => {
    document.querySelector('.thread').append(inside);
    return inside;
  },
};

// What Gmail asks of its server as a mail leaves, in the form of 2022: places in lists, no names.
function requestFor(mail, labels) {
  const people = (list) => list.map((one) => [1, one, null]);
  const message = [`msg-a:r${mail.draft}`, [1, document.body.dataset.account, null], people(mail.to), people(mail.cc), people(mail.bcc),
    null, null, mail.subjectField.value, [null, [[0, mail.text.innerHTML]]], null, labels];
  const deed = [];
  deed[mail.threadId ? 1 : 13] = [message];
  return [null, [[['43', [mail.thread, deed]]]], [Date.now()], { thread: mail.threadId, at: mail.at }];
}

async function sync(request) {
  const body = JSON.stringify(request);
  if (standIn.via === 'fetch') {
    const answer = await fetch(SYNC, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.text();
  }
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open('POST', SYNC);
    call.onload = () => (call.status === 200 ? resolve(call.responseText) : reject(new Error(String(call.status))));
    call.onerror = () => reject(new Error('line'));
    call.send(body);
  });
}

function toast(words, ...links) {
  document.querySelector('.b8').replaceChildren(make('div', { class: 'vh' }, make('span', { class: 'bAq' }, words), ...links));
}

async function leave(mail, labels, words) {
  if (mail.to.length + mail.cc.length + mail.bcc.length === 0) {
    document.body.append(make('div', { role: 'alertdialog' }, 'Please specify at least one recipient.'));
    return;
  }
  const request = requestFor(mail, labels);
  mail.whole.remove();
  const undo = make('span', { id: 'link_undo', role: 'link' }, 'Undo');
  undo.addEventListener('click', () => {
    toast('Sending undone.');
    mail.show();
    void sync([null, [[['44', [mail.thread, { undo: `msg-a:r${mail.draft}` }]]]]]).then((answer) => standIn.answers.push(answer));
  });
  toast(words, undo, make('span', { id: 'link_vsm', role: 'link' }, 'View message'));
  try {
    standIn.answers.push(await sync(request));
  } catch (error) {
    standIn.answers.push(String(error));
    mail.show();
    toast('Your message could not be sent.');
  }
  if (mail.kind === 'pop_out' && window.opener) window.close();
}

const SENDING = ['^all', '^pfg', '^f_bt', '^f_btns', '^f_cl'];

function buttonsOf(mail) {
  const send = make('div', { role: 'button', class: 'T-I aoO', tabindex: '0' }, 'Send');
  send.addEventListener('click', () => void leave(mail, SENDING, 'Message sent'));
  const more = make('div', { role: 'button', 'aria-haspopup': 'true', class: 'more' }, '▾');
  more.addEventListener('click', () => {
    const later = make('div', { role: 'menuitem', selector: 'scheduledSend' }, 'Schedule send');
    const menu = make('div', { role: 'menu' }, later);
    document.body.append(menu);
    later.addEventListener('click', () => {
      const choice = make('div', { role: 'menuitem', class: 'Az' }, 'Tomorrow morning');
      const times = make('div', { role: 'alertdialog', class: 'times' }, choice);
      menu.replaceWith(times);
      choice.addEventListener('click', () => {
        times.remove();
        mail.at = 'tomorrow';
        void leave(mail, [...SENDING, '^scheduled'], 'Send scheduled for tomorrow');
      });
    });
  });
  const close = make('div', { class: 'close', 'data-tooltip': 'Save & close' }, 'x');
  close.addEventListener('click', () => mail.whole.remove());
  return [make('div', { class: 'IZ' }, make('div', { class: 'Up' }, make('div', {}, send, more))), close];
}

const standIn = {
  via: 'xhr',
  answers: [],
  write({ kind = 'popup', form = 'new', to = [], cc = [], bcc = [], subject = '', body = [''], signature = false, quote = false,
    plain = false, threadId = null, draftField = true }) {
    const text = plain
      ? make('div', { g_editable: 'true', role: 'textbox', 'aria-multiline': 'true', contenteditable: 'plaintext-only' })
      : make('div', { g_editable: 'true', role: 'textbox', 'aria-multiline': 'true', contenteditable: 'true', class: 'editable' });
    if (plain) text.append(body.join('\n'));
    else text.append(...paragraphs(body));
    if (signature) text.append(...signatureOf('Alice Moreau'));
    if (quote) {
      text.append(make('div', { class: 'gmail_quote_container' }, make('div', { class: 'gmail_quote' }, 'On Monday Jean wrote:')));
    }
    const subjectField = make('input', { name: 'subjectbox' });
    subjectField.value = subject;
    if (kind === 'inline') subjectField.style.display = 'none';
    const heard = [];
    text.addEventListener('input', (event) => heard.push(event.inputType));
    text.heard = heard;
    const draft = number();
    const mail = { kind, to, cc, bcc, text, subjectField, draft, threadId, thread: `thread-a:r${number()}`, at: null };
    const hidden = [
      ...(draftField ? [make('input', { type: 'hidden', name: 'draft', value: `#msg-a:r${draft}` })] : []),
      make('input', { type: 'hidden', name: 'lts', value: threadId ?? '' }),
    ];
    mail.show = () => {
      const inside = make('form', { enctype: 'multipart/form-data' }, ...hidden, recipientsOf[form]('to', to), recipientsOf[form]('cc', cc),
        recipientsOf[form]('bcc', bcc), subjectField, make('div', { class: 'Ap' }, text), ...buttonsOf(mail));
      inside.addEventListener('keydown', (event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void leave(mail, SENDING, 'Message sent');
      });
      mail.inside = inside;
      mail.whole = wholes[mail.kind](inside);
    };
    mail.show();
    standIn.last = mail;
  },
  // One more person in "to".
  add(address) {
    standIn.last.to.push(address);
    standIn.last.inside.querySelector('[name=to] [role=listbox]').append(make('div', { role: 'option', 'data-hovercard-id': address }, address));
  },
  // As the arrows at the top of a mail: the same elements under another frame.
  toggle() {
    const { inside, whole, kind } = standIn.last;
    standIn.last.kind = kind === 'popup' ? 'full_screen' : 'popup';
    standIn.last.whole = wholes[standIn.last.kind](inside);
    whole.remove();
  },
  // Another From: Gmail puts the signature of that address where the first one stands.
  changeAlias(name) {
    const { text } = standIn.last;
    const place = text.querySelector('.gmail_signature_prefix');
    const fresh = signatureOf(name);
    if (!place) return text.append(...fresh);
    place.nextElementSibling.remove();
    place.replaceWith(...fresh);
  },
  // Conversations that were open before stay in the page, out of sight.
  open({ threadId, permId = null, form = 'legacy', subject, messages }) {
    for (const one of document.querySelectorAll('.conversation')) one.style.display = 'none';
    const ids = {
      legacy: { 'data-legacy-thread-id': threadId, 'data-thread-perm-id': permId ?? `thread-f:${BigInt(`0x${threadId}`)}` },
      perm: { 'data-thread-perm-id': permId ?? `thread-f:${BigInt(`0x${threadId}`)}` },
      unheard_of: { 'data-conversation': threadId },
    }[form];
    const person = (one, kind) => make('span', { class: kind, email: one.email, name: one.name }, one.name);
    const shown = messages.map((one) => make('div', { role: 'listitem' }, make('div', { class: 'adn ads', 'data-message-id': `#msg-f:${one.id}`,
      'data-legacy-message-id': one.id }, person(one.from, 'gD'), ...(one.to ?? []).map((who) => person(who, 'g2')),
    make('div', { class: 'a3s' }, one.text ?? ''))));
    document.querySelector('.thread').append(make('div', { class: 'conversation' },
      make('h2', { class: 'hP', ...ids }, subject), make('div', { role: 'list' }, ...shown)));
  },
  // Chrome gets a page ready that nobody has asked for yet. Resolves when it has loaded.
  async getReady(url) {
    const policy = trustedTypes.createPolicy('gmail', { createScript: (text) => text });
    const rules = make('script', { type: 'speculationrules', nonce: standIn.nonce });
    rules.textContent = policy.createScript(JSON.stringify({ prerender: [{ urls: [url], eagerness: 'immediate' }] }));
    document.head.append(rules);
    for (const end = Date.now() + 15000; Date.now() < end;) {
      if ((await (await fetch('/readied')).json()).includes(new URL(url).pathname)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('Chrome did not get it ready');
  },
  back() {
    for (const one of document.querySelectorAll('.conversation')) one.style.display = 'none';
  },
};
standIn.nonce = document.currentScript.nonce;
window.standIn = standIn;
const next = new URLSearchParams(location.search).get('getReady');
if (next) void standIn.getReady(next);
if (document.prerendering) {
  // After our own load, so that scripts of extensions have come by now.
  addEventListener('load', () => setTimeout(() => void fetch('/readied', { method: 'POST', body: location.pathname }), 500));
}
