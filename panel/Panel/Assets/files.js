// Files that are chosen, looked at and sent. A form without this file is sent by the browser as it is.
const { all, put, showAway } = window.panel;
const rowsShown = 5;

// The file that was checked is held by the page, so that the very same one can be sent (until the page is loaded anew).
let held = null;

// Back and forward lead to pages that were put in place here, also after a reload.
let shown = location.pathname + location.search;
addEventListener('popstate', () => { if (location.pathname + location.search !== shown) location.reload(); });

document.addEventListener('submit', async event => {
    const form = event.target;
    if (!form.matches('form[data-file-form]')) return;
    event.preventDefault();
    if (form.ariaBusy === 'true') return;
    const [field, action] = [form.elements.file, event.submitter?.getAttribute('formaction') ?? form.getAttribute('action')];
    const file = field.files[0];
    if (!file || file.size > Number(form.dataset.max)) {
        location.assign(`${form.dataset.page}?refused=${file ? 'too-large' : 'missing'}`);
        return;
    }
    form.ariaBusy = 'true';
    const body = new FormData(form);
    for (let wait = 500; ; wait = Math.min(wait * 2, 5000)) {
        const answer = await fetch(action, { method: 'POST', body, headers: { Accept: 'text/html' } }).catch(() => null);
        if (answer && ![502, 503, 504].includes(answer.status)) {
            showAway(false);
            await arrive(answer, { file, action: form.getAttribute('action') });
            return;
        }
        showAway(true); // the same key again, so that it is done once
        await new Promise(done => setTimeout(done, wait));
    }
});

async function arrive(answer, sent) {
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (!answer.redirected || !page.querySelector('main[data-screen=S-JOB], form[data-file-form]')) {
        location.assign(answer.redirected ? answer.url : location.href);
        return;
    }
    held = sent;
    history.pushState(null, '', answer.url);
    shown = location.pathname + location.search;
    put(page);
    scrollTo(0, 0);
    document.querySelector('main').focus();
}

function fileForm(form) {
    const field = form.elements.file;
    field.addEventListener('change', () => {
        form.elements._key.value = crypto.randomUUID(); // another file is another change
        look(form, field.files[0]);
    });
    if (!held || held.action !== form.getAttribute('action')) return;
    const files = new DataTransfer();
    files.items.add(held.file);
    field.files = files.files;
    const name = form.querySelector('[data-held]');
    if (name) {
        name.textContent = name.dataset.held.replace('{0}', held.file.name);
        field.closest('.field').hidden = true;
    } else look(form, held.file);
}

// What is in a file, before anything is sent: name, size, encoding, header and first rows; passwords are masked.
async function look(form, file) {
    const part = form.querySelector('[data-look]');
    if (!part) return;
    part.hidden = !file;
    if (!file) return;
    const words = part.dataset;
    const bytes = new Uint8Array(await file.arrayBuffer());
    const { text, encoding } = decode(bytes);
    if (form.elements.file.files[0] !== file) return; // another one was chosen meanwhile
    const size = file.size < 1048576 ? `${Math.ceil(file.size / 1024).toLocaleString('en')} KB` : `${(file.size / 1048576).toFixed(1)} MB`;
    const rows = text === null ? [] : records(text, rowsShown + 1);
    part.querySelector('[data-facts]').textContent = [file.name, size, encoding ?? words.noText].join(' · ');
    const [header, ...others] = rows;
    const names = (header ?? []).map(n => n.trim().toLowerCase());
    const hasHeader = names.includes('mail_account');
    part.querySelector('[data-no-header]').hidden = text === null || hasHeader;
    const table = part.querySelector('table');
    table.hidden = rows.length === 0 || !hasHeader; // without a header nobody knows which column holds passwords
    if (table.hidden) return;
    const isSecret = names.map(n => n === 'password' || n === 'mail_password');
    table.tHead.replaceChildren(row('th', header));
    table.tBodies[0].replaceChildren(...others.map(cells => row('td', cells.map((c, i) => isSecret[i] && c !== '' ? '●●●●●●' : c))));
}

function row(kind, cells) {
    const tr = document.createElement('tr');
    for (const text of cells) {
        const cell = document.createElement(kind);
        if (kind === 'th') cell.scope = 'col';
        cell.textContent = text;
        tr.append(cell);
    }
    return tr;
}

// As the platform reads it: what is valid UTF-8 is UTF-8, else it must be CP932, which browsers call shift_jis.
function decode(bytes) {
    const isOther = bytes.subarray(0, 4096).includes(0) || (bytes[0] === 0x50 && bytes[1] === 0x4B);
    for (const [label, name] of isOther ? [] : [['utf-8', 'UTF-8'], ['shift_jis', 'Shift_JIS (CP932)']]) {
        try {
            return { text: new TextDecoder(label, { fatal: true }).decode(bytes), encoding: name };
        } catch { /* not that one */ }
    }
    return { text: null, encoding: null };
}

// The first records of a file (RFC 4180), separated by commas or tabs.
function records(text, most) {
    const separator = /^[^\n]*\t/.test(text) ? '\t' : ',';
    const found = [];
    for (let at = 0; at < text.length && found.length < most;) {
        const cells = [];
        for (let ends = false; !ends;) {
            let cell = '';
            if (text[at] === '"') {
                for (at++; at < text.length && !(text[at] === '"' && text[at + 1] !== '"'); at++) {
                    cell += text[at];
                    if (text[at] === '"') at++;
                }
                at++;
            }
            while (at < text.length && text[at] !== separator && text[at] !== '\n') cell += text[at++];
            cells.push(cell.replace(/\r$/, ''));
            ends = text[at] !== separator;
            at++;
        }
        if (cells.length > 1 || cells[0] !== '') found.push(cells);
    }
    return found;
}

const enter = () => {
    all('form[data-file-form]').forEach(fileForm);
};
document.addEventListener('panel:enter', enter);
enter();
