// Forms of knobs: what a person turns becomes the value of their component, and what the server sends is shown.
// The value is JSON: {markup, name: of the part, fields: field -> value}. The markup holds no values.
window.knobForm = (element, props, trigger, watch) => {
  let more = false;  // whether the fold is open: the markup does not know
  const first = props.value, born = performance.now();
  let told = '';  // the value a person made
  let typing = null;  // the box a person is still typing in: it keeps what stands there
  const boxes = () => [...element.querySelectorAll('[name]')];
  const knob = (box) => box.closest('.knob');
  const pair = (box, type) => knob(box).querySelector(`input[type=${type}]`);

  const read = (box) => {
    if (box.type === 'checkbox') return box.checked;
    if (box.type === 'number') return box.value === '' ? null : Number(box.value);
    if (box.tagName !== 'SELECT') return box.value;
    return box.value === 'other' ? knob(box).querySelector('.other').value : JSON.parse(box.value);
  };

  // A slider ends at the usual greatest value, or at a greater one that is set. Of an empty box it stands where the
  // value comes to stand, or nowhere.
  const slide = (box) => {
    const slider = pair(box, 'range');
    if (!slider) return;
    const stands = box.value === '' ? slider.dataset.standing : box.value;
    if (Number(stands) > Number(slider.max)) slider.max = stands;
    if (stands !== undefined) slider.value = stands;
    slider.classList.toggle('standing', box.value === '' && stands !== undefined);
    slider.classList.toggle('unset', stands === undefined);
  };

  const write = (box, value) => {
    if (box === typing) return;
    if (box.type === 'checkbox') box.checked = Boolean(value);
    else if (box.tagName === 'SELECT') {
      const listed = [...box.options].find((one) => one.value !== 'other' && JSON.parse(one.value) === value);
      box.value = listed ? listed.value : 'other';
      const other = knob(box).querySelector('.other');
      if (other) { other.hidden = Boolean(listed); other.value = listed ? '' : value; }
    } else {
      box.value = value ?? '';
      if (box.type === 'number') slide(box);
    }
  };

  const fields = () => Object.fromEntries(boxes().map((box) => [box.name, read(box)]));

  const settle = () => {  // knobs without effect beside the others are not shown
    const now = fields();
    element.querySelectorAll('.knob[data-only]').forEach((one) => {
      const only = Object.entries(JSON.parse(one.dataset.only));
      one.hidden = !only.every(([name, allowed]) => allowed.includes(now[name]));
    });
    const fold = element.querySelector('details.more');
    if (!fold) return;
    fold.hidden = !fold.querySelector('.knob:not([hidden])');
    fold.open = more;
  };

  const show = () => {
    const {name, fields: given} = JSON.parse(props.value);
    const menu = element.querySelector('[data-menu]');
    if (menu) menu.value = name;
    boxes().forEach((box) => { if (box.name in given) write(box, given[box.name]); });
    settle();
  };

  const tell = () => {
    settle();
    const menu = element.querySelector('[data-menu]');
    const shown = JSON.parse(props.value);
    told = JSON.stringify({...shown, name: menu ? menu.value : shown.name, fields: fields()});
    props.value = told;
    trigger('input');
  };

  // What came before the form was on the page, Gradio hands it once more a moment after: no news.
  const news = () => {
    if (told && props.value === first && performance.now() - born < 3000) props.value = told;
    else show();
  };

  const within = (box) => {  // a number beyond what is possible is the greatest, or the least, that is
    if (box.value !== '' && box.max !== '' && Number(box.value) > Number(box.max)) box.value = box.max;
    if (box.value !== '' && box.min !== '' && Number(box.value) < Number(box.min)) box.value = box.min;
    slide(box);
  };

  element.addEventListener('input', ({target}) => {
    if (target.type === 'range') {
      pair(target, 'number').value = target.value;
      slide(pair(target, 'number'));
      tell();
    } else if (target.matches('textarea, input:not([type=checkbox])')) typing = target;
  });
  element.addEventListener('change', ({target}) => {
    if (target.type === 'range') return;  // told as it moved
    typing = null;
    if (target.type === 'number') within(target);
    if (target.value === 'other') {
      const other = knob(target).querySelector('.other');
      other.hidden = false;
      other.focus();
      return;
    }
    if (target.tagName === 'SELECT' && !target.matches('[data-menu]')) {
      const other = knob(target).querySelector('.other');
      if (other) { other.hidden = true; other.value = ''; }
    }
    tell();
  });
  element.addEventListener('click', ({target}) => {
    if (target.closest('details.more > summary')) more = !target.closest('details').open;
  });
  watch('value', news);
  show();
  element.dataset.live = '';
};
