package dev.residual.picture;

import java.io.IOException;
import java.util.Arrays;

/** A canonical prefix code of lossless WebP, built from the lengths of its codes (RFC 9649). */
final class PrefixCode {
    private static final int MAX_LENGTH = 15;
    private static final int[] ORDER_OF_LENGTHS = {17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    private static final int REPEAT = 16;
    private static final int ZEROS = 17;

    /** Codes of up to so many bits are looked up at once. */
    private static final int MAX_TABLE_BITS = 8;

    /** How many codes there are of each length. */
    private final int[] counts = new int[MAX_LENGTH + 1];

    /** By the length of their codes, then by value. */
    private final short[] symbols;

    private final int tableBits;

    /** By the next bits: the symbol and, in the lowest four bits, its code's length; -1 where the code is longer. */
    private final int[] table;

    private PrefixCode(int[] lengths) throws IOException {
        for (int length : lengths) {
            counts[length]++;
        }
        counts[0] = 0;
        int[] next = new int[MAX_LENGTH + 2]; // the place of the first symbol of each length
        int unused = 1;
        int longest = 0;
        for (int length = 1; length <= MAX_LENGTH; length++) {
            next[length + 1] = next[length] + counts[length];
            unused = 2 * unused - counts[length];
            longest = counts[length] > 0 ? length : longest;
        }
        symbols = new short[next[MAX_LENGTH + 1]];
        for (int symbol = 0; symbol < lengths.length; symbol++) {
            if (lengths[symbol] > 0) {
                symbols[next[lengths[symbol]]++] = (short) symbol;
            }
        }
        boolean single = symbols.length == 1; // takes no bit
        if (unused != 0 && !single) {
            throw new IOException("a damaged prefix code");
        }
        tableBits = single ? 0 : Math.min(longest, MAX_TABLE_BITS);
        table = new int[1 << tableBits];
        Arrays.setAll(table, bits -> single ? symbols[0] << 4 : find(bits, tableBits));
    }

    /** @param alphabet how many symbols there are */
    static PrefixCode read(Bits bits, int alphabet) throws IOException {
        return new PrefixCode(bits.read(1) == 1 ? fewLengths(bits, alphabet) : lengths(bits, alphabet));
    }

    /** Of one symbol or two. */
    private static int[] fewLengths(Bits bits, int alphabet) throws IOException {
        boolean two = bits.read(1) == 1;
        int first = bits.read(bits.read(1) == 1 ? 8 : 1);
        int second = two ? bits.read(8) : first;
        if (Math.max(first, second) >= alphabet) {
            throw new IOException("a prefix code with symbols that there are not");
        }
        int[] lengths = new int[alphabet];
        lengths[first] = lengths[second] = 1;
        return lengths;
    }

    private static int[] lengths(Bits bits, int alphabet) throws IOException {
        int[] lengthsOfLengths = new int[ORDER_OF_LENGTHS.length];
        int given = 4 + bits.read(4);
        for (int i = 0; i < given; i++) {
            lengthsOfLengths[ORDER_OF_LENGTHS[i]] = bits.read(3);
        }
        PrefixCode code = new PrefixCode(lengthsOfLengths);
        int remaining = bits.read(1) == 1 ? 2 + bits.read(2 + 2 * bits.read(3)) : alphabet;
        int[] lengths = new int[alphabet];
        int previous = 8;
        for (int symbol = 0; symbol < alphabet && remaining > 0; remaining--) {
            int length = code.read(bits);
            if (length < REPEAT) {
                lengths[symbol++] = length;
                previous = length == 0 ? previous : length;
            } else {
                int end = symbol
                        + (length == REPEAT
                                ? 3 + bits.read(2)
                                : length == ZEROS ? 3 + bits.read(3) : 11 + bits.read(7));
                if (end > alphabet) {
                    throw new IOException("a prefix code with symbols that there are not");
                }
                Arrays.fill(lengths, symbol, end, length == REPEAT ? previous : 0);
                symbol = end;
            }
        }
        return lengths;
    }

    int read(Bits bits) {
        int found = table[bits.peek(tableBits)];
        if (found < 0) {
            found = find(bits.peek(MAX_LENGTH), MAX_LENGTH);
        }
        bits.skip(found & 15);
        return found >> 4;
    }

    /** What the table says of these bits, if its code has at most {@code limit} of them. */
    private int find(int bits, int limit) {
        int code = 0;
        int first = 0; // the first code of this length
        int place = 0; // and of its symbol
        for (int length = 1; length <= limit; length++) {
            code = code << 1 | bits >> length - 1 & 1;
            first <<= 1;
            if (code - first < counts[length]) {
                return symbols[place + code - first] << 4 | length;
            }
            first += counts[length];
            place += counts[length];
        }
        return -1;
    }
}
