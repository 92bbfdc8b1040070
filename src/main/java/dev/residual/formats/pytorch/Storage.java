package dev.residual.formats.pytorch;

import dev.residual.formats.safetensors.Safetensors;

/**
 * PyTorch's storage: the flat array of a tensor's values, which several tensors may share; here only where it is.
 *
 * @param key its name in the file
 * @param dtype as safetensors calls it: {@code F32}, {@code BF16} …
 * @param base the value at which it begins, where it is a part of the file's storage
 * @param count values
 */
record Storage(String key, String dtype, long base, long count) {
    /** Bytes of one value. */
    int width() {
        return Safetensors.width(dtype);
    }

    long bytes() {
        return count * width();
    }
}
