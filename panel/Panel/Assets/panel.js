// Islands of the panel. Each finds its elements by a data- attribute, and a page without this file still works.
// Texts stand in data- attributes, so that they come from the server in the reader's language.
const text = document.body.dataset;
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// The browser's time zone, for times on the next page.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.split('; ').includes(`panel-browser-zone=${zone}`)) document.cookie = `panel-browser-zone=${zone};path=/;max-age=31536000;samesite=lax`;

// Drafts (P-4): what is typed lives in the tab until the server has taken it; secrets never.
const draftOf = form => `draft:${location.pathname}:${form.elements._login?.value ?? ''}`;
// A password that is shown has the type text, so that what it is for counts, too; so it is with codes.
const isKept = field => field.name && !field.name.startsWith('_') && field.type !== 'password' && !/(password|one-time-code)$/.test(field.autocomplete) && field.type !== 'hidden' && field.type !== 'file';
const valueOf = field => field.type === 'checkbox' || field.type === 'radio' ? field.checked : field.value;
const keyOf = field => field.type === 'checkbox' || field.type === 'radio' ? `${field.name}=${field.value}` : field.name;

function restore(form) {
    const draft = JSON.parse(sessionStorage.getItem(draftOf(form)) ?? 'null');
    if (!draft || document.getElementById('errors')) return; // what was refused is drawn by the server
    let restored = false;
    for (const field of [...form.elements].filter(isKept)) {
        const value = draft[keyOf(field)];
        if (value === undefined || value === valueOf(field)) continue;
        if (typeof value === 'boolean') field.checked = value;
        else field.value = value;
        restored = true;
    }
    if (!restored) return;
    const note = document.createElement('p');
    note.className = 'message note';
    note.setAttribute('role', 'status');
    note.dataset.flash = 'draft';
    note.textContent = text.textRestored;
    form.before(note);
}

document.addEventListener('input', event => {
    const form = event.target.closest?.('form[data-draft]');
    if (form) sessionStorage.setItem(draftOf(form), JSON.stringify(Object.fromEntries([...form.elements].filter(isKept).map(f => [keyOf(f), valueOf(f)]))));
});

// A form with a draft is sent by fetch, so that nothing is lost while the panel is away (C-DOWN): the same POST, the same answer,
// the whole page. The form's own key lets the gateway do it once, however often it is sent.
document.addEventListener('submit', async event => {
    const form = event.target;
    if (form.dataset.forgets) sessionStorage.removeItem(`chosen:${form.dataset.forgets}`);
    if (form.matches('[data-sign-out]')) for (const key of Object.keys(sessionStorage).filter(k => k.startsWith('draft:'))) sessionStorage.removeItem(key);
    if (!form.matches('form[data-draft]') || event.defaultPrevented) return;
    event.preventDefault();
    if (form.ariaBusy === 'true') return;
    form.ariaBusy = 'true';
    const body = form.enctype === 'multipart/form-data' ? new FormData(form, event.submitter) : new URLSearchParams(new FormData(form, event.submitter));
    for (let wait = 500; ; wait = Math.min(wait * 2, 5000)) {
        const answer = await fetch(form.action, { method: 'POST', body, headers: { Accept: 'text/html' } }).catch(() => null);
        if (!answer || [502, 503, 504].includes(answer.status)) {
            showAway(true);
            await new Promise(done => setTimeout(done, wait));
            continue;
        }
        showAway(false);
        if (answer.redirected) {
            if (!/\/login$/.test(new URL(answer.url).pathname)) sessionStorage.removeItem(draftOf(form));
            location.assign(answer.url);
            return;
        }
        show(await answer.text());
        // A page without the form has taken what was typed.
        if (answer.ok && !document.querySelector('form[data-draft]')) sessionStorage.removeItem(draftOf(form));
        return;
    }
});

function show(html) {
    const page = new DOMParser().parseFromString(html, 'text/html');
    const main = page.querySelector('main');
    if (!main) return location.reload(); // a proxy's answer; the draft stands again
    put(page);
    scrollTo(0, 0);
}

// Shows the main part of a page that was read in the place of the present one.
function put(page) {
    document.title = page.title;
    document.querySelector('main').replaceWith(page.querySelector('main'));
    enter();
}

function showAway(is) {
    const bar = document.querySelector('.away');
    if (!is) return bar?.remove();
    if (bar) return;
    const p = document.createElement('p');
    p.className = 'away';
    p.setAttribute('role', 'alert');
    p.dataset.flash = 'down';
    p.textContent = text.textDown;
    document.body.prepend(p);
}

// 'Saved' becomes 'in force' (C-SAVE): twice a second for ten seconds, then every three.
async function watch(message) {
    const since = Date.now();
    for (;;) {
        await new Promise(done => setTimeout(done, Date.now() - since < 10_000 ? 500 : 3000));
        if (!message.isConnected) return;
        try {
            const answer = await fetch(message.dataset.watch, { headers: { Accept: 'application/json' }, redirect: 'error' });
            const { inForce, time } = await answer.json();
            if (inForce) {
                message.querySelector('[data-words]').textContent = `${message.dataset.done} ${message.dataset.since.replace('{0}', time)}`;
                message.className = 'message good';
                message.dataset.flash = 'in-force';
                return;
            }
        } catch { /* asked again */ }
        if (Date.now() - since > 10_000 && message.dataset.flash === 'saved') {
            message.querySelector('[data-words]').textContent = message.dataset.slow;
            message.dataset.flash = 'slow';
        }
    }
}

// A new password (C-PASS): shown, generated, and its rules ticked off while one types.
const symbols = '#()+-.[]{}!<>_:*$@%^&,~';
const letters = ['abcdefghijkmnopqrstuvwxyz', 'ABCDEFGHJKLMNPQRSTUVWXYZ', '23456789', symbols];
const random = below => {
    for (;;) { // without bias
        const [number] = crypto.getRandomValues(new Uint32Array(1));
        if (number < 4294967296 - 4294967296 % below) return number % below;
    }
};
function generate() {
    for (;;) {
        const word = Array.from({ length: 16 }, () => { const set = letters[random(10) < 7 ? random(2) : 2 + random(2)]; return set[random(set.length)]; }).join('');
        if (letters.every(set => [...set].some(c => word.includes(c))) && !/[0-9]{6}/.test(word)) return word;
    }
}
function newPassword(part) {
    const fields = all('input', part);
    const [show, make] = [part.querySelector('[data-show]'), part.querySelector('[data-generate]')];
    const reveal = is => {
        for (const field of fields) field.type = is ? 'text' : 'password';
        show.textContent = is ? show.dataset.hide : show.dataset.show;
        show.ariaPressed = String(is);
    };
    const judge = () => {
        const word = fields[0].value;
        for (const rule of all('[data-rule]', part)) {
            const done = new RegExp(rule.dataset.rule).test(word);
            rule.classList.toggle('done', done);
            rule.querySelector('[data-state]').textContent = word === '' ? '' : done ? rule.dataset.done : rule.dataset.todo;
        }
        const meter = part.querySelector('[data-strength]');
        const bits = Math.log2(letters.reduce((sum, set) => sum + ([...set].some(c => word.includes(c)) ? set.length : 0), 1)) * new Set(word).size;
        clearTimeout(meter.timer);
        meter.timer = setTimeout(() => { meter.textContent = word === '' ? '' : bits < 50 ? meter.dataset.weak : bits < 75 ? meter.dataset.fair : meter.dataset.strong; }, 600);
    };
    for (const hidden of all('[data-needs-script]', part)) hidden.hidden = false;
    show.addEventListener('click', () => reveal(show.ariaPressed !== 'true'));
    make.addEventListener('click', () => {
        const word = generate();
        for (const field of fields) field.value = word;
        reveal(true);
        judge();
    });
    fields[0].addEventListener('input', judge);
}

// Chosen rows of a list are kept in the tab across pages and searches; the bar tells how many they are.
function selection(form) {
    const key = `chosen:${form.dataset.selection}`;
    const chosen = new Set(JSON.parse(sessionStorage.getItem(key) ?? '[]'));
    const boxes = all('input[type=checkbox][name=names]', form);
    const whole = form.querySelector('[data-choose-all]');
    const bar = form.querySelector('[data-chosen]');
    const draw = () => {
        for (const box of boxes) box.checked = chosen.has(box.value);
        if (whole) [whole.checked, whole.indeterminate] = [boxes.length > 0 && boxes.every(b => b.checked), boxes.some(b => b.checked) && !boxes.every(b => b.checked)];
        bar.hidden = chosen.size === 0;
        bar.querySelector('[data-count]').textContent = bar.dataset.chosen.replace('{0}', chosen.size.toLocaleString('en'));
        sessionStorage.setItem(key, JSON.stringify([...chosen]));
        // Those of other pages go along when the form is sent.
        for (const other of all('input[type=hidden][name=names]', form)) other.remove();
        for (const name of chosen) {
            if (boxes.some(b => b.value === name)) continue;
            const hidden = Object.assign(document.createElement('input'), { type: 'hidden', name: 'names', value: name });
            form.append(hidden);
        }
    };
    const set = (name, is) => is ? chosen.add(name) : chosen.delete(name);
    for (const box of boxes) box.addEventListener('change', () => { set(box.value, box.checked); draw(); });
    whole?.addEventListener('change', () => { for (const box of boxes) set(box.value, whole.checked); draw(); });
    if (whole) whole.closest('label').hidden = false;
    bar.querySelector('[data-clear]').addEventListener('click', () => { chosen.clear(); draw(); });
    bar.querySelector('[data-clear]').hidden = false;
    bar.classList.add('floating');
    draw();
}

// Addresses to forward to, one field each: fields are added and removed, and many that are pasted at once fill as many fields.
const betweenAddresses = /[\s,;、，；]+/u;
function addresses(part) {
    const rows = part.querySelector('[data-rows]');
    const form = part.closest('form');
    const fields = () => all('input', rows);
    const fill = (words, number) => words.replace('{0}', number.toLocaleString('en'));
    const say = words => { part.querySelector('[data-said]').textContent = words; };
    const changed = () => rows.querySelector('input').dispatchEvent(new Event('input', { bubbles: true }));
    const number = () => all('[data-row]', rows).forEach((row, i) => {
        const field = row.querySelector('input');
        const label = row.querySelector('label');
        field.name = field.id = label.htmlFor = `destinations[${i}]`;
        label.textContent = fill(part.dataset.label, i + 1);
        row.querySelector('[data-remove]').setAttribute('aria-label', fill(part.dataset.removeLabel, i + 1));
    });
    const grow = by => {
        for (; by > 0; by--) {
            const row = rows.querySelector('[data-row]').cloneNode(true);
            const field = row.querySelector('input');
            field.value = '';
            for (const name of ['aria-invalid', 'aria-describedby', 'value']) field.removeAttribute(name);
            row.querySelector('.field').classList.remove('wrong');
            for (const error of all('p.wrong', row)) error.remove();
            rows.append(row);
        }
        number();
    };
    const left = () => {
        const chosen = form.querySelector('[name=condition]:checked')?.value;
        const most = JSON.parse(part.dataset.left)[chosen] ?? 0;
        part.querySelector('[data-left-words]').textContent = fill(part.dataset.leftText, most - fields().filter(f => f.value.trim() !== '').length);
    };
    const add = () => {
        grow(1);
        fields().at(-1).focus();
        say(fill(part.dataset.added, fields().length));
    };
    const remove = row => {
        const at = all('[data-row]', rows).indexOf(row);
        if (fields().length > 1) row.remove();
        else row.querySelector('input').value = '';
        number();
        fields()[Math.max(0, at - 1)].focus();
        changed();
    };
    // A draft has as many fields as were there.
    const draft = document.getElementById('errors') ? null : JSON.parse(sessionStorage.getItem(draftOf(form)) ?? 'null');
    const kept = Object.keys(draft ?? {}).filter(key => key.startsWith('destinations[')).length;
    if (kept > fields().length) grow(kept - fields().length);
    else if (kept > 0) for (const row of all('[data-row]', rows).slice(kept)) row.remove();
    for (const hidden of all('[data-needs-script]', part)) hidden.hidden = false;
    part.querySelector('[data-add]').addEventListener('click', add);
    rows.addEventListener('click', event => { if (event.target.closest('[data-remove]')) remove(event.target.closest('[data-row]')); });
    rows.addEventListener('paste', event => {
        const pasted = (event.clipboardData?.getData('text') ?? '').split(betweenAddresses).filter(word => word !== '');
        if (pasted.length < 2 || !event.target.matches('input')) return;
        event.preventDefault();
        const at = fields().indexOf(event.target);
        const free = fields().filter((field, i) => i === at || (i > at && field.value === ''));
        if (pasted.length > free.length) grow(pasted.length - free.length);
        const targets = fields().filter((field, i) => i === at || (i > at && field.value === ''));
        pasted.forEach((word, i) => { targets[i].value = word; });
        targets[pasted.length - 1].focus();
        say(fill(part.dataset.added, fields().length));
        changed();
    });
    form.addEventListener('input', left);
    form.addEventListener('change', left);
    queueMicrotask(left); // once a draft stands again
}

// A text whose length is counted in half-width characters, and what it will look like. Spoken only when there is little room left.
function units(part) {
    const field = part.querySelector('textarea');
    const echo = document.querySelector(`[data-echo="${field.name}"]`);
    const unit = code => code < 0x80 || (code >= 0xff61 && code <= 0xff9f) ? 1 : 2;
    const draw = () => {
        const used = [...field.value].reduce((sum, c) => sum + unit(c.codePointAt(0)), 0);
        const left = Number(part.dataset.most) - used;
        part.querySelector('[data-units-words]').textContent = part.dataset.units.replace('{0}', used.toLocaleString('en'));
        const step = [0, 10, 50].find(s => left <= s);
        const said = part.querySelector('[data-units-said]');
        if (step !== undefined && said.dataset.step !== String(step)) said.textContent = part.dataset.unitsLeft.replace('{0}', left.toLocaleString('en'));
        said.dataset.step = step ?? '';
        if (echo) echo.textContent = field.value;
    };
    field.addEventListener('input', draw);
    draw();
}

// A part that follows changes by itself while somebody looks at it (P-10).
async function refreshed(part) {
    for (;;) {
        await new Promise(done => setTimeout(done, 5000));
        if (!part.isConnected) return;
        if (document.visibilityState !== 'visible') continue;
        const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, redirect: 'error' }).catch(() => null);
        if (!answer?.ok) continue; // asked again
        const now = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector(`[data-refreshed="${part.dataset.refreshed}"]`);
        if (now && now.innerHTML !== part.innerHTML) part.innerHTML = now.innerHTML;
    }
}

// A link that takes along what is typed in fields of its form.
document.addEventListener('click', event => {
    const link = event.target.closest?.('a[data-carries]');
    if (!link) return;
    const typed = new FormData(link.closest('form'));
    link.search = new URLSearchParams(link.dataset.carries.split(' ').map(name => [name, typed.get(name) ?? '']));
}, true);

// A link that gives up what is typed.
document.addEventListener('click', event => {
    if (event.target.closest?.('a[data-discards]')) all('form[data-draft]').forEach(form => sessionStorage.removeItem(draftOf(form)));
});

// The way back to a list carries its last search and page.
function lists() {
    const here = location.pathname.match(/^\/domains\/([^/]+)\/accounts$/);
    if (here) sessionStorage.setItem(`list:${here[1]}`, location.search);
    for (const link of all('[data-list]')) link.search = sessionStorage.getItem(`list:${link.dataset.list}`) ?? '';
}

function counter(field) {
    const out = document.createElement('p');
    out.className = 'hint counter';
    field.closest('.field').append(out);
    const draw = () => { out.textContent = field.value.length >= Number(field.dataset.counter) ? `${field.value.length} / ${field.maxLength}` : ''; };
    field.addEventListener('input', draw);
    draw();
}

function capsLock(hint) {
    const field = hint.closest('.field').querySelector('input');
    field.addEventListener('keyup', event => { hint.textContent = event.getModifierState?.('CapsLock') ? hint.dataset.caps : ''; });
}

// A value, or the address of a page of this panel, is copied; where the browser does not let it be, there is no button.
function copying(button) {
    button.hidden = !navigator.clipboard;
    const [value, words, label] = [button.dataset.clipboard, button.textContent, button.ariaLabel];
    button.addEventListener('click', async () => {
        await navigator.clipboard.writeText(value.startsWith('/') ? new URL(value, location.href).href : value);
        [button.textContent, button.ariaLabel] = [button.dataset.copied, null];
        setTimeout(() => { [button.textContent, button.ariaLabel] = [words, label]; }, 3000);
    });
}

// Menus close when the focus or a click goes elsewhere, and by Escape.
document.addEventListener('click', event => { for (const menu of all('details.menu[open]')) if (!menu.contains(event.target)) menu.open = false; });
document.addEventListener('keydown', event => {
    if (event.key !== 'Escape') return;
    for (const menu of all('details.menu[open]')) { menu.open = false; menu.querySelector('summary').focus(); }
});

function enter() {
    all('[data-addresses]').forEach(addresses);
    all('form[data-draft]').forEach(restore);
    all('[data-watch]').forEach(watch);
    all('[data-without-script]').forEach(e => { e.hidden = true; });
    all('[data-new-password]').forEach(newPassword);
    all('form[data-selection]').forEach(selection);
    lists();
    all('[data-counter]').forEach(counter);
    all('button[data-clipboard]').forEach(copying);
    for (const button of all('[data-print]')) { button.hidden = false; button.addEventListener('click', () => print()); }
    all('[data-units]').forEach(units);
    all('[data-refreshed]').forEach(refreshed);
    all('[data-caps]').forEach(capsLock);
    all('[data-forget]').forEach(e => sessionStorage.removeItem(`chosen:${e.dataset.forget}`));
    const errors = document.getElementById('errors');
    if (errors?.dataset.focus) document.getElementById(errors.dataset.focus).focus();
    else errors?.focus();
    document.dispatchEvent(new Event('panel:enter'));
}

// What the other files of islands use; they run after this one.
window.panel = { all, put, showAway };

if (innerWidth < 640) document.querySelector('.side')?.removeAttribute('open');
enter();
