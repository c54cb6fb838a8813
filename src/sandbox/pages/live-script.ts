/**
 * What the pages do where there is JavaScript: parts marked `data-live` follow the server, texts can be copied. Without it
 * everything still works; the request log then loads itself again every few seconds.
 */
export const liveScript = `
'use strict'
const sign = document.querySelector('.live')
const parts = () => document.querySelectorAll('[data-live]')
const say = (on, text) => { if (sign) { sign.dataset.on = on ? 'yes' : 'no'; sign.textContent = text } }

async function follow() {
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } })
  if (!answer.ok) return
  const next = new DOMParser().parseFromString(await answer.text(), 'text/html')
  for (const part of parts()) {
    const fresh = next.getElementById(part.id)
    // Nobody loses what they are typing or where they stand.
    if (fresh === null || part.contains(document.activeElement) || fresh.innerHTML === part.innerHTML) continue
    part.replaceChildren(...fresh.childNodes)
  }
}

let timer
let source
function connect() {
  source = new EventSource(document.body.dataset.events)
  source.onopen = () => say(true, 'Live')
  source.onerror = () => say(false, 'Not connected, trying again')
  source.onmessage = () => { timer ??= setTimeout(() => { timer = undefined; follow().catch(() => undefined) }, 250) }
}
if (parts().length > 0) {
  connect()
  document.addEventListener('visibilitychange', () => {
    source.close()
    if (!document.hidden) { connect(); follow().catch(() => undefined) }
  })
  addEventListener('pagehide', () => source.close())
}

for (const box of document.querySelectorAll('.copied')) {
  if (navigator.clipboard === undefined) break
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'plain small'
  button.textContent = 'Copy'
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(box.querySelector('pre').textContent)
    button.textContent = 'Copied'
    setTimeout(() => { button.textContent = 'Copy' }, 1500)
  })
  box.append(button)
}
`
