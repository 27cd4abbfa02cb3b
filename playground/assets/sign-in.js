// Light or dark as the app was last seen here, else as the system is; and the sign-in, which answers in JSON.
const saved = localStorage.getItem('rag-playground-theme');
if (saved ? saved === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches) document.body.classList.add('dark');

document.querySelector('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.target;
  const [button, wrong] = [form.querySelector('button'), document.getElementById('wrong')];
  button.disabled = true;
  wrong.textContent = '';
  try {
    const answer = await fetch('login', {method: 'POST', body: new FormData(form)});
    if (answer.ok) { location.reload(); return; }
    wrong.textContent = 'That name and password do not belong together.';
    form.elements.password.value = '';
    form.elements.password.focus();
  } catch {
    wrong.textContent = 'The app does not answer. Is it still running?';
  }
  button.disabled = false;
});
