// Work that goes on while a page is open (C-JOB). The server draws: this file asks for the page again and puts its newest parts in
// place, so that words, numbers and buttons are the server's. The page works without it, by its link to the present state.
const { all, put, showAway } = window.panel;
const pause = 1000; // live numbers change at most once a second
const poll = 2000;

// An element with data-live follows. The attribute is the address of server-sent events of a job, each of which says that something
// has moved; while none can be had, or when it is empty, the page is asked for every two seconds. Elements with data-part are replaced
// when their data-mark is another one on the newest page; once that has no data-live any more, the work has ended and all of it is shown.
// With data-every the page is asked for after so many seconds, too, whether or not something was told: for numbers of which no event tells.
async function follow(live) {
    const events = live.dataset.live ? new EventSource(live.dataset.live) : null;
    const every = Number(live.dataset.every ?? 0) * 1000;
    let moved = false;
    for (const kind of ['job', 'message']) events?.addEventListener(kind, () => { moved = true; });
    estimate();
    for (let asked = Date.now(), goesOn = true; goesOn && live.isConnected;) {
        await new Promise(done => setTimeout(done, 250));
        const age = Date.now() - asked;
        if (moved ? age < pause : age < (every || poll) || (!every && events?.readyState === EventSource.OPEN)) continue;
        [moved, asked] = [false, Date.now()];
        goesOn = await refresh(live);
    }
    events?.close();
}

async function refresh(live) {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' } }).catch(() => null);
    const isAway = !answer || [502, 503, 504].includes(answer.status);
    showAway(isAway);
    if (isAway) return true;
    if (answer.redirected) location.assign(answer.url); // the session has ended
    else if (!answer.ok) location.reload();
    if (answer.redirected || !answer.ok) return false;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const main = page.querySelector('main');
    if (!live.isConnected || !main) return live.isConnected; // a proxy's answer, or the reader has gone on
    say(main.querySelector('[data-announce]')?.dataset.announce);
    if (main.querySelector('[data-live]')) {
        document.title = page.title;
        const heading = document.querySelector('main h1');
        if (heading.textContent !== main.querySelector('h1').textContent) heading.textContent = main.querySelector('h1').textContent;
        for (const part of all('[data-part]', main)) {
            const old = document.querySelector(`main [data-part="${part.dataset.part}"]`);
            if (!old || old.dataset.mark === part.dataset.mark || (live.dataset.every && isRead(old))) continue;
            const details = all('details', old);
            all('details', part).forEach((d, i) => { d.open = details[i]?.open ?? d.open; });
            old.replaceWith(part);
        }
        estimate();
        return true;
    }
    const hadFocus = document.querySelector('main').contains(document.activeElement);
    put(page);
    if (hadFocus) main.focus();
    return false;
}

// Of a page of numbers, what somebody is at with the keyboard, or has marked, stays until they have left it.
const isRead = part => part.contains(document.activeElement) || (!getSelection().isCollapsed && getSelection().containsNode(part, true));

// A screen reader is told of what data-announce says, each time that it says something else: a quarter of the way, and the end.
const voice = Object.assign(document.createElement('p'), { className: 'visually-hidden', role: 'status' });
let said = document.querySelector('main [data-announce]')?.dataset.announce;
document.body.append(voice);
function say(words) {
    if (!words || words === said) return;
    said = words;
    voice.textContent = words;
}

// How long it takes yet, at the rate since this page follows: an element with data-left beside one with data-done and data-total.
let first = null;
function estimate() {
    const [counts, left] = [document.querySelector('main [data-done]'), document.querySelector('main [data-left]')];
    if (!counts || !left) return;
    const now = { done: Number(counts.dataset.done), total: Number(counts.dataset.total), at: Date.now() };
    if (!first || first.total !== now.total || now.done < first.done) first = now;
    const [done, seconds] = [now.done - first.done, (now.at - first.at) / 1000];
    if (done <= 0 || seconds < 2) return;
    const rest = (now.total - now.done) * seconds / done;
    left.textContent = rest < 60 ? left.dataset.seconds.replace('{0}', Math.max(1, Math.ceil(rest / 5) * 5)) : left.dataset.minutes.replace('{0}', Math.ceil(rest / 60));
}

// The count of unread notices: once a minute, and when the page is looked at again. The message board offers the new ones without moving its rows.
const bell = document.querySelector('[data-unread]');
async function count() {
    if (document.hidden) return;
    const answer = await fetch(bell.dataset.unread, { headers: { Accept: 'application/json' }, redirect: 'error' }).catch(() => null);
    if (!answer?.ok) return;
    const { unread, label } = await answer.json();
    const before = Number(bell.dataset.count);
    if (unread === before) return;
    bell.dataset.count = unread;
    bell.setAttribute('aria-label', label);
    bell.querySelector('[data-number]').textContent = unread === 0 ? '' : unread;
    if (unread > before) say(label);
    const more = document.querySelector('[data-new]');
    if (!more) return;
    const fresh = unread - Number(more.dataset.known);
    more.hidden = fresh <= 0;
    more.querySelector('a').textContent = more.dataset.new.replace('{0}', fresh);
}
if (bell) {
    setInterval(count, 60_000);
    document.addEventListener('visibilitychange', count);
}

const enter = () => all('[data-live]').forEach(follow);
document.addEventListener('panel:enter', enter);
enter();
