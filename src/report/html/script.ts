/**
 * The script of a page: it filters and folds what is there already. It builds no markup and asks nobody for anything;
 * without it the page can be read whole.
 */

export const script = `'use strict'
{
  const tools = document.getElementById('tools')
  const search = document.getElementById('search')
  const area = document.getElementById('area')
  const count = document.getElementById('count')
  const buttons = [...tools.querySelectorAll('button[aria-pressed]')]
  const changes = [...document.querySelectorAll('details.c')]
  const groups = [...document.querySelectorAll('[data-group]')]
  const texts = new Map()
  const textOf = (change) => {
    if (!texts.has(change)) texts.set(change, change.textContent.toLowerCase())
    return texts.get(change)
  }
  const filter = () => {
    const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean)
    const actions = new Set(buttons.filter((button) => button.ariaPressed === 'true').map((button) => button.value))
    let shown = 0
    for (const change of changes) {
      const { area: own, action } = change.dataset
      const fits = (area.value === '' || area.value === own) && actions.has(action)
      change.hidden = !(fits && words.every((word) => textOf(change).includes(word)))
      if (!change.hidden) shown++
    }
    for (const group of groups) group.hidden = group.querySelector('details.c:not([hidden])') === null
    const all = changes.length.toLocaleString('en')
    count.value = shown === changes.length ? '' : shown.toLocaleString('en') + ' of ' + all + ' shown'
  }
  const fold = (open) => {
    for (const change of changes) if (!change.hidden) change.open = open
  }
  let timer
  search.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(filter, changes.length > 1000 ? 150 : 0)
  })
  area.addEventListener('change', filter)
  for (const button of buttons) {
    button.addEventListener('click', () => {
      button.ariaPressed = String(button.ariaPressed !== 'true')
      filter()
    })
  }
  document.getElementById('open').addEventListener('click', () => fold(true))
  document.getElementById('close').addEventListener('click', () => fold(false))
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && !event.ctrlKey && !event.metaKey && event.target !== search && event.target !== area) {
      event.preventDefault()
      search.focus()
    } else if (event.key === 'Escape' && event.target === search) {
      search.value = ''
      filter()
    }
  })
  let closed = []
  addEventListener('beforeprint', () => {
    closed = [...document.querySelectorAll('details:not([open])')]
    for (const fold of closed) fold.open = true
  })
  addEventListener('afterprint', () => {
    for (const fold of closed) fold.open = false
  })
  tools.hidden = changes.length < 2
}
`
