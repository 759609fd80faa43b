// typeddata.mjs - random typed data, as JSON for the service and as values for viem and ethers.
import { getAddress } from 'viem';

/* A generator of its own (mulberry32), so that a failure can be made again by its seed. */
export function generator(seed) {
    return () => {
        seed = (seed + 0x6d2b79f5) | 0;
        let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const NAMES = ['Person', 'Mail', 'Order', 'asset', 'Z', '_x', 'A1', 'a1', 'B_b', 'Permit', 'T0', 'zeta'];
const TEXTS = ['', 'Hello, Bob!', 'größe', '\u0000', '🦊 and 狐', '\n\t"\\', 'x'.repeat(300), 'e\u0301'];

class Maker {
    constructor(random) {
        this.random = random;
        this.types = {};
    }

    below(n) {
        return Math.floor(this.random() * n);
    }

    pick(list) {
        return list[this.below(list.length)];
    }

    bytes(n) {
        return Array.from({ length: n }, () => this.below(256).toString(16).padStart(2, '0')).join('');
    }

    atomic() {
        const size = 1 + this.below(32);
        return this.pick([`uint${8 * size}`, `int${8 * size}`, `bytes${size}`, 'address', 'bool', 'string', 'bytes']);
    }

    brackets() {
        let text = '';
        while (this.random() < 0.3 && text.length < 9) text += this.random() < 0.5 ? '[]' : `[${this.below(4)}]`;
        return text;
    }

    /* Types in a row; each but the first is used by one before it, as ethers wants it. */
    structs() {
        const names = [...NAMES].sort(() => this.random() - 0.5).slice(0, 1 + this.below(5));
        for (const name of names) this.types[name] = [];
        names.forEach((name, i) => {
            const members = Array.from({ length: this.below(5) }, () => this.atomic() + this.brackets());
            for (const later of names.slice(i + 1)) if (this.random() < 0.25) members.push(later + this.brackets());
            for (const type of members) this.add(name, type);
            if (i > 0) this.add(names[this.below(i)], name + this.brackets());
        });
        return names[0];
    }

    add(name, type) {
        this.types[name].push({ name: this.pick(['a', 'to', 'Value', '_', 'x9']) + this.types[name].length, type });
    }

    integer(type) {
        const signed = type.startsWith('int');
        const bits = BigInt(type.replace(/\D/g, ''));
        const [min, max] = signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
        const any = min + BigInt(`0x${this.bytes(33)}`) % (max - min + 1n);
        const value = this.pick([min, max, 0n, any, any, any]);
        const forms = [value.toString()];
        if (value >= -SAFE && value <= SAFE) forms.push(Number(value));
        if (value >= 0n) forms.push(`0x${value.toString(16)}`);
        return [this.pick(forms), value];
    }

    atom(type) {
        const same = (value) => [value, value];
        if (/^u?int/.test(type)) return this.integer(type);
        if (type === 'address') {
            const address = `0x${this.bytes(20)}`;
            return same(this.random() < 0.5 ? address : getAddress(address));
        }
        if (type === 'bool') return same(this.random() < 0.5);
        if (type === 'string') return same(this.pick(TEXTS));
        if (type === 'bytes') return same(`0x${this.bytes(this.below(70))}`);
        return same(`0x${this.bytes(Number(type.slice(5)))}`);
    }

    /* A value as [JSON, what libraries take]. */
    value(type) {
        const array = /^(.*)\[(\d*)\]$/.exec(type);
        if (array) {
            const items = Array.from({ length: array[2] === '' ? this.below(3) : Number(array[2]) }, () => this.value(array[1]));
            return [items.map(([json]) => json), items.map(([, value]) => value)];
        }
        if (!(type in this.types)) return this.atom(type);
        const pairs = this.types[type].map((member) => [member.name, this.value(member.type)]);
        return [0, 1].map((i) => Object.fromEntries(pairs.map(([name, both]) => [name, both[i]])));
    }

    /* Any members of the EIP's; chainId is a number, on which all libraries agree. */
    domain() {
        const all = [
            ['name', 'string', () => this.pick(TEXTS)],
            ['version', 'string', () => this.pick(['1', '2.0', 'x'])],
            ['chainId', 'uint256', () => this.pick([0, 1, 8453, Number.MAX_SAFE_INTEGER])],
            ['verifyingContract', 'address', () => getAddress(`0x${this.bytes(20)}`)],
            ['salt', 'bytes32', () => `0x${this.bytes(32)}`],
        ].filter(() => this.random() < 0.6);
        return {
            domain: Object.fromEntries(all.map(([name, , make]) => [name, make()])),
            type: all.map(([name, type]) => ({ name, type })),
        };
    }
}

/* {json, types, primaryType, domain, message}: json is the document, the rest is for libraries. */
export function randomTypedData(random) {
    const make = new Maker(random);
    const primaryType = make.structs();
    const [json, message] = make.value(primaryType);
    const { domain, type } = make.domain();
    const declared = random() < 0.5 ? { EIP712Domain: type } : {};
    return {
        json: { types: { ...declared, ...make.types }, primaryType, domain, message: json },
        types: make.types,
        primaryType,
        domain,
        message,
    };
}
