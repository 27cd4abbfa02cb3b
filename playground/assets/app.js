// What HTML alone cannot do: keys, light or dark, following the highlight. No state of the app lives here.
(() => {
  const key = 'rag-playground-theme';
  const narrowKey = 'rag-playground-sidebar';
  const foldSidebar = (folded) => document.body.classList.toggle('no-sidebar', folded);
  const paint = (dark) => document.body.classList.toggle('dark', dark);
  const saved = localStorage.getItem(key);

  const press = (id) => {
    const found = document.querySelector(`#${id}`);
    const button = found && (found.matches('button') ? found : found.querySelector('button'));
    if (button && button.offsetParent) button.click();
  };

  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    document.querySelectorAll('details.menu[open], details.confirm[open]').forEach((box) => { box.open = false; });
    const close = [...document.querySelectorAll('#find-passage [data-act="close"], #lens-token [data-act="close"]')]
      .find((button) => button.offsetParent);
    if (close) close.click(); else press('stop');
  });

  document.addEventListener('click', (event) => {
    if (event.target.closest('#theme')) {
      const dark = !document.body.classList.contains('dark');
      paint(dark);
      localStorage.setItem(key, dark ? 'dark' : 'light');
    }
    if (event.target.closest('#fold-sidebar')) {
      const folded = !document.body.classList.contains('no-sidebar');
      foldSidebar(folded);
      localStorage.setItem(narrowKey, folded ? 'folded' : 'open');
    }
    const pane = event.target.closest('a[data-pane]');
    if (pane) {
      event.preventDefault();
      document.getElementById(pane.dataset.pane).scrollIntoView({behavior: 'smooth'});
    }
    const token = event.target.closest('.tok, .parting [data-act="token"]');
    if (token && !token.closest('#lens')) document.getElementById('lens-title').scrollIntoView({behavior: 'smooth'});
    document.querySelectorAll('details.menu[open]').forEach((box) => {
      if (!box.contains(event.target) || event.target.closest('button.title')) box.open = false;
    });
    if (event.target.closest('[data-act="compare"]') && innerWidth <= 820) {
      document.getElementById('recipes-right').scrollIntoView({behavior: 'smooth'});
    }
    if (event.target.closest('[data-act="cite"]') && innerWidth < 1200) {
      document.getElementById('evidence-column').scrollIntoView({behavior: 'smooth'});
    }
  });

  // The page comes into view where it is marked, once for each new page or mark.
  let looked = '';
  const look = () => {
    const desk = document.querySelector('#evidence .desk');
    const mark = desk && (desk.querySelector('.marks.exact .mark, mark b') || desk.querySelector('.mark, mark'));
    const now = desk ? (desk.querySelector('img')?.getAttribute('src') || desk.textContent.slice(0, 200))
      + (mark ? mark.getAttribute('style') || mark.textContent : '') : '';
    if (now === looked) return;
    looked = now;
    const top = mark ? mark.getBoundingClientRect().top - desk.getBoundingClientRect().top + desk.scrollTop : 0;
    if (desk) desk.scrollTop = Math.max(0, top - desk.clientHeight / 3);
  };

  // A growing answer stays in view while the person is at its end.
  const keepEnd = () => {
    const thread = document.getElementById('thread');
    if (thread && thread.scrollHeight - thread.scrollTop - thread.clientHeight < 160) thread.scrollTop = thread.scrollHeight;
  };

  // Seconds since this answer began, where somebody waits for it.
  const since = new Map();
  const tick = () => document.querySelectorAll('.exchange.running').forEach((exchange) => {
    if (!since.has(exchange.id)) since.set(exchange.id, Date.now());
    const seconds = Math.round((Date.now() - since.get(exchange.id)) / 1000);
    const clock = exchange.querySelector('.elapsed');
    if (clock && seconds > 1) clock.textContent = `${seconds} s`;
  });

  // Pages side by side scroll in step, and turn with the arrow keys.
  document.addEventListener('scroll', (event) => {
    const desk = event.target;
    if (!desk.classList || !desk.classList.contains('lab-desk') || !desk.matches(':hover, :focus')) return;
    document.querySelectorAll('.lab-desk').forEach((other) => {
      if (other !== desk) other.scrollTo(desk.scrollLeft, desk.scrollTop);
    });
  }, true);
  document.addEventListener('keydown', (event) => {
    if (!document.activeElement || !document.activeElement.matches('.lab-desk')) return;
    const step = {ArrowLeft: 'Previous', ArrowRight: 'Next'}[event.key];
    const button = step && document.querySelector(`.lab-toolbar button[aria-label^="${step}"]`);
    if (button) { event.preventDefault(); button.click(); }
  });

  // Tokens are walked through with the arrow keys, and looked at with Enter; each text is one stop for Tab.
  document.addEventListener('keydown', (event) => {
    const token = document.activeElement;
    if (!token || !token.matches('.tok')) return;
    if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); token.click(); return; }
    const next = {ArrowLeft: token.previousElementSibling, ArrowRight: token.nextElementSibling}[event.key];
    if (!next) return;
    event.preventDefault();
    token.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });

  // Words selected on a sheet can be marked as an answer: a button beside them says so, and its panel reports the click.
  const unmark = () => document.querySelectorAll('.mark-answer').forEach((old) => old.remove());
  const placeOf = (node, offset) => {
    const holder = node.parentElement && node.parentElement.closest('[data-start]');
    return holder ? Number(holder.dataset.start) + [...node.textContent.slice(0, offset)].length : null;
  };
  const offerMark = (desk, x, y) => {
    const chosen = getSelection();
    if (chosen.isCollapsed || !desk.contains(chosen.anchorNode)) return;
    const ends = [placeOf(chosen.anchorNode, chosen.anchorOffset), placeOf(chosen.focusNode, chosen.focusOffset)];
    if (ends.includes(null) || ends[0] === ends[1]) return;
    const button = document.createElement('button');
    Object.assign(button, {type: 'button', className: 'mark-answer', textContent: 'This answers the question'});
    Object.assign(button.dataset, {act: 'mark', arg: `${Math.min(...ends)}:${Math.max(...ends)}`});
    button.style.left = `${Math.max(8, Math.min(x, innerWidth - 210))}px`;
    button.style.top = `${Math.min(y + 14, innerHeight - 44)}px`;
    button.addEventListener('click', () => setTimeout(() => { unmark(); getSelection().removeAllRanges(); }));
    desk.parentElement.appendChild(button);
  };
  document.addEventListener('pointerdown', (event) => { if (!event.target.closest('.mark-answer')) unmark(); });
  document.addEventListener('pointerup', (event) => {
    const desk = event.target.closest('.lab-desk');
    if (desk) setTimeout(() => offerMark(desk, event.clientX, event.clientY));
  });

  // A passage pointed at lights up wherever it is: in every column's trace and list.
  const light = (event) => {
    const walk = event.target.closest && event.target.closest('[data-trace]');
    const id = walk ? walk.dataset.trace : '';
    document.querySelectorAll('.lit').forEach((one) => { if (one.dataset.trace !== id) one.classList.remove('lit'); });
    if (id) document.querySelectorAll(`[data-trace="${CSS.escape(id)}"]`).forEach((one) => one.classList.add('lit'));
  };
  document.addEventListener('pointerover', light);
  document.addEventListener('focusin', light);

  const start = () => {
    setInterval(tick, 1000);
    if (saved) paint(saved === 'dark');
    foldSidebar(localStorage.getItem(narrowKey) === 'folded');
    let due = false;
    new MutationObserver(() => {
      if (due) return;
      due = true;
      requestAnimationFrame(() => { due = false; look(); keepEnd(); });
    }).observe(document.body, {subtree: true, childList: true, attributes: true, attributeFilter: ['src', 'style']});
  };
  document.readyState === 'loading' ? document.addEventListener('DOMContentLoaded', start) : start();
})();
