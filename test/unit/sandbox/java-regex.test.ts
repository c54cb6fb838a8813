/** What Java's regular expressions are; the judgements below are those of `Pattern.compile` of Java 17. */
import { describe, expect, it } from 'vitest'
import { isJavaRegex } from '../../../src/sandbox/java-regex.js'

const taken = [
  String.raw`(?i)api[_-]?key\s*[:=]\s*['"]?[A-Za-z0-9]{20,}`,
  String.raw`(BBDC-[a-zA-Z0-9+]{44})`,
  String.raw`-----BEGIN [A-Z ]*PRIVATE KEY-----`,
  String.raw`.*\.ya?ml`,
  String.raw`\$\{[^}]+}`,
  'a++b',
  'a{2}b{3,}c{4,5}',
  '(?>a|b)c',
  '(?i-s:a)(?-i)',
  '(?=a)*(?<!b)',
  String.raw`(?<n>a)\k<n>`,
  String.raw`\Qa.(b\E+`,
  String.raw`\Qabc`,
  String.raw`\p{Alpha}+\h\R\pL`,
  String.raw`\x41\x{1F511}\u0041\cA\012\N{DIGIT ONE}`,
  '[a-z&&[^aeiou]]+',
  '[]a]',
  '[a-][-a]',
  String.raw`[\Q]\E\d-z]`,
  String.raw`\/\-\_`,
  '}',
  ']',
  '^*',
  '🔑+[🔑-🔒]',
  '',
]

const refused = [
  '(',
  'a)',
  '[a',
  '[]',
  '{',
  'a{2,1}',
  'a{,3}',
  'a{1',
  '*.pem',
  'a**',
  'a+++',
  'a{2}*',
  'a(?i)+',
  '|*',
  '(?z)',
  '(?i',
  '(?',
  '(?<1a>b)',
  '(?<n>a)(?<n>b)',
  String.raw`\k<n>`,
  String.raw`\y`,
  String.raw`\E`,
  '\\',
  String.raw`\x4`,
  String.raw`\u12`,
  String.raw`\0`,
  '[z-a]',
  String.raw`[\b]`,
  String.raw`[a-\d]`,
]

describe('Java', () => {
  it.each(taken)('takes %s', (text) => {
    expect(isJavaRegex(text)).toBe(true)
  })

  it.each(refused)('refuses %s', (text) => {
    expect(isJavaRegex(text)).toBe(false)
  })
})
