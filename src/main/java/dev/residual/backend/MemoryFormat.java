package dev.residual.backend;

import org.bytedeco.dnnl.memory;
import org.bytedeco.pytorch.Tensor;

/**
 * The orders in which oneDNN's kernels take images and feature maps. To handle all of them alike, the tensors are
 * N×(C/b)×H×W×b everywhere: blocks of b neighbouring channels, the last one filled up with zeros.
 */
enum MemoryFormat {
    /** Plain N×C×H×W. */
    NCHW(memory.format_tag.nchw),
    /** One block of all channels: what AMX multiplies best. */
    CHANNELS_LAST(memory.format_tag.nhwc),
    /** A block fills a vector of AVX2. */
    BLOCKED_8(memory.format_tag.aBcd8b),
    /** A block fills a vector of AVX-512. */
    BLOCKED_16(memory.format_tag.aBcd16b);

    private final memory.format_tag tag;

    MemoryFormat(memory.format_tag tag) {
        this.tag = tag;
    }

    memory.format_tag tag() {
        return tag;
    }

    /** How many channels lie side by side, of so many in all. */
    int block(int channels) {
        return switch (this) {
            case NCHW -> 1;
            case CHANNELS_LAST -> channels;
            case BLOCKED_8 -> 8;
            case BLOCKED_16 -> 16;
        };
    }

    /** The number of channels with those that fill the last block up. */
    int filled(int channels) {
        int block = block(channels);
        return (channels + block - 1) / block * block;
    }

    /** The format of the images that feature maps of this format are computed from. */
    MemoryFormat ofImages() {
        return this == CHANNELS_LAST ? CHANNELS_LAST : NCHW;
    }

    /** A view of N×C×H×W images as {@link #ofImages} has them. */
    Tensor view(Tensor images) {
        return this == CHANNELS_LAST ? images.permute(0, 2, 3, 1).unsqueeze(1) : images.unsqueeze(4);
    }
}
