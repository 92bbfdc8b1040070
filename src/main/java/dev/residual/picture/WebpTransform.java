package dev.residual.picture;

/** What an encoder did to all pixels so that they take fewer bits (RFC 9649). */
sealed interface WebpTransform {
    /** @return the pixels as they were before, row by row; in place or not */
    int[] undo(int[] pixels, int height);

    int width();

    /** How many pixels a row has as it is coded. */
    default int codedWidth() {
        return width();
    }

    /** An image of which each pixel tells something of a square in another, of 2^sizeBits by as many. */
    record Tiles(int sizeBits, int across, int[] values) {
        int at(int x, int y) {
            return values[(y >> sizeBits) * across + (x >> sizeBits)];
        }
    }

    /** Each pixel is the difference from what its neighbours let expect, in one of 14 ways. */
    record Predictor(int width, Tiles modes) implements WebpTransform {
        private static final int BLACK = 0xff000000;

        @Override
        public int[] undo(int[] pixels, int height) {
            for (int n = 0; n < pixels.length; n++) {
                int x = n % width;
                int y = n / width;
                int expected;
                if (y == 0) {
                    expected = x == 0 ? BLACK : pixels[n - 1];
                } else if (x == 0) {
                    expected = pixels[n - width];
                } else {
                    expected = expected(
                            modes.at(x, y) >> 8 & 15,
                            pixels[n - 1],
                            pixels[n - width],
                            pixels[n - width + 1], // of the last column, the first of this row
                            pixels[n - width - 1]);
                }
                pixels[n] = sum(pixels[n], expected);
            }
            return pixels;
        }

        private static int expected(int mode, int left, int top, int topRight, int topLeft) {
            return switch (mode) {
                case 1 -> left;
                case 2 -> top;
                case 3 -> topRight;
                case 4 -> topLeft;
                case 5 -> mean(mean(left, topRight), top);
                case 6 -> mean(left, topLeft);
                case 7 -> mean(left, top);
                case 8 -> mean(topLeft, top);
                case 9 -> mean(top, topRight);
                case 10 -> mean(mean(left, topLeft), mean(top, topRight));
                case 11 -> difference(top, topLeft) < difference(left, topLeft) ? left : top;
                case 12 -> gradient(left, top, topLeft);
                case 13 -> halfGradient(mean(left, top), topLeft);
                default -> BLACK;
            };
        }

        private static int mean(int a, int b) {
            return ((a ^ b) >>> 1 & 0x7f7f7f7f) + (a & b);
        }

        /** The sum of the channels' differences. */
        private static int difference(int a, int b) {
            int sum = 0;
            for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
                sum += Math.abs(channel(a, shift) - channel(b, shift));
            }
            return sum;
        }

        private static int gradient(int left, int top, int topLeft) {
            int sum = 0;
            for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
                sum |= clamped(channel(left, shift) + channel(top, shift) - channel(topLeft, shift)) << shift;
            }
            return sum;
        }

        private static int halfGradient(int mean, int topLeft) {
            int sum = 0;
            for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
                int m = channel(mean, shift);
                sum |= clamped(m + (m - channel(topLeft, shift)) / 2) << shift;
            }
            return sum;
        }

        private static int channel(int pixel, int shift) {
            return pixel >>> shift & 0xff;
        }

        private static int clamped(int value) {
            return Math.max(0, Math.min(255, value));
        }
    }

    /** A share of green was taken away from red, and shares of green and red from blue; the shares differ by tile. */
    record Colour(int width, Tiles shares) implements WebpTransform {
        @Override
        public int[] undo(int[] pixels, int height) {
            for (int n = 0; n < pixels.length; n++) {
                int share = shares.at(n % width, n / width);
                int green = pixels[n] >> 8;
                int red = (pixels[n] >> 16) + part(share, green) & 0xff;
                int blue = pixels[n] + part(share >> 8, green) + part(share >> 16, red) & 0xff;
                pixels[n] = pixels[n] & 0xff00ff00 | red << 16 | blue;
            }
            return pixels;
        }

        /** Of signed bytes. */
        private static int part(int share, int channel) {
            return (byte) share * (byte) channel >> 5;
        }
    }

    /** Green was taken away from red and blue. */
    record SubtractGreen(int width) implements WebpTransform {
        @Override
        public int[] undo(int[] pixels, int height) {
            for (int n = 0; n < pixels.length; n++) {
                int green = pixels[n] >> 8 & 0xff;
                pixels[n] = sum(pixels[n], green << 16 | green);
            }
            return pixels;
        }
    }

    /** The green of each pixel is the number of a colour; up to 16 colours, several numbers share one pixel. */
    record Palette(int width, int[] colours) implements WebpTransform {
        private int sharedBits() {
            return colours.length <= 2 ? 3 : colours.length <= 4 ? 2 : colours.length <= 16 ? 1 : 0;
        }

        @Override
        public int codedWidth() {
            return shifted(width, sharedBits());
        }

        @Override
        public int[] undo(int[] pixels, int height) {
            int[] unpacked = new int[width * height];
            int indexBits = Byte.SIZE >> sharedBits();
            for (int n = 0; n < unpacked.length; n++) {
                int x = n % width;
                int shared = pixels[n / width * codedWidth() + (x >> sharedBits())] >> 8 & 0xff;
                int index = shared >> x * indexBits % Byte.SIZE & (1 << indexBits) - 1;
                unpacked[n] = index < colours.length ? colours[index] : 0;
            }
            return unpacked;
        }
    }

    /** Channel by channel, modulo 256. */
    static int sum(int a, int b) {
        return (a & 0xff00ff00) + (b & 0xff00ff00) & 0xff00ff00 | (a & 0xff00ff) + (b & 0xff00ff) & 0xff00ff;
    }

    /** How many squares of 2^bits there are in this size. */
    static int shifted(int size, int bits) {
        return (size + (1 << bits) - 1) >> bits;
    }
}
