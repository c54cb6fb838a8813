/**
 * One spelling for values that the server treats as equal.
 *
 * An author writes a function for a scalar, or one for each property that has twins; here they are applied to what is
 * there. The same function serves the live side, where a keyed list is a list, and the desired side, where it is a map
 * from key to entry and an entry may be `null`.
 */
import { isObject, propertiesOf, type Schema } from '../model/schema.js'

type Spelling = (value: unknown) => unknown

/** The spelling of a whole value; a declared `null` and absent fields stay as they are. */
export function canonicalOf(schema: Schema, spellings: unknown): Spelling {
  if (spellings === undefined) return (value) => value
  if (typeof spellings === 'function') return whole(schema, spellings as Spelling)
  const byProperty = Object.entries(spellings as Record<string, Spelling>).map(
    ([property, spelling]) => [property, whole(propertiesOf(schema)[property] ?? schema, spelling)] as const,
  )
  return (value) => {
    if (!isObject(value)) return value
    const spelled = byProperty
      .filter(([property]) => value[property] !== undefined)
      .map(([property, spelling]) => [property, spelling(value[property])] as const)
    return { ...value, ...Object.fromEntries(spelled) }
  }
}

function whole(schema: Schema, spelling: Spelling): Spelling {
  return (value) => {
    if (value === null || value === undefined) return value
    if (schema.type === 'array' && schema['x-key'] !== undefined && isObject(value)) {
      return spellMap(schema['x-key'], value, spelling)
    }
    return spelling(value)
  }
}

/** Each entry is spelled as a list of one; what the spelling makes of its key is the new key of the map. */
function spellMap(key: string, map: Record<string, unknown>, spelling: Spelling): unknown {
  const entries = Object.entries(map).map(([name, entry]) => {
    const spelled = spelling([{ ...(isObject(entry) ? entry : {}), [key]: name }])
    const [only] = Array.isArray(spelled) ? (spelled as readonly unknown[]) : []
    const { [key]: newName, ...rest } = isObject(only) ? only : {}
    return [typeof newName === 'string' ? newName : name, isObject(entry) ? rest : entry] as const
  })
  return Object.fromEntries(entries)
}
