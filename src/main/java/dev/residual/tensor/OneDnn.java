package dev.residual.tensor;

import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.dnnl.stream;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * oneDNN by itself. libtorch computes convolutions by a oneDNN of its own, but chooses the layout of their maps as suits
 * one that stands alone, and has no way to its batch norm with a ReLU in it. What is here trains on memory that libtorch's
 * tensors own, with as many threads as libtorch's operations would use.
 *
 * <p>Maps lie in memory as oneDNN's kernels like it best: N×(C/b)×H×W×b, where b neighbouring channels of a pixel are one
 * vector of the processor.
 */
final class OneDnn {
    private static final Map<ScalarType, OptionalInt> BLOCKS = new ConcurrentHashMap<>();

    private OneDnn() {}

    /** Loaded when it is first needed. */
    private static final class Cpu {
        static final engine ENGINE;

        static {
            Engine.load(dnnl.class);
            try (Scope scope = Scope.open()) {
                ENGINE = scope.keep(new engine(engine.kind.cpu, 0));
            }
        }
    }

    static engine cpu() {
        return Cpu.ENGINE;
    }

    /** The b of above for this processor, where oneDNN has kernels for it at all. */
    static OptionalInt block(ScalarType type) {
        return BLOCKS.computeIfAbsent(
                type,
                t -> IntStream.of(16, 8).filter(block -> hasKernels(t, block)).findFirst());
    }

    private static boolean hasKernels(ScalarType type, int block) {
        try {
            cpu(); // first of all: any other class of the bindings would load the library by itself
            ConvolutionPrimitives.Kind convolution =
                    new ConvolutionPrimitives.Kind(2, block, 8, 8, 2 * block, 3, 1, 1, false, type, block, 1);
            BatchNormPrimitives.Kind bn = new BatchNormPrimitives.Kind(2, block, 8, 8, true, 0, type, block, 1);
            return !new ConvolutionPrimitives(convolution).isReference() && !new BatchNormPrimitives(bn).isReference();
        } catch (RuntimeException | LinkageError e) { // oneDNN knows one kind only; or this system lacks what it needs
            return false;
        }
    }

    /** How maps lie in memory; where there are fewer channels than a block has, as in images, one after the other. */
    static memory.desc layout(long n, long channels, long height, long width, ScalarType type, int block) {
        memory.format_tag layout = channels < block
                ? memory.format_tag.nchw
                : block == 16 ? memory.format_tag.aBcd16b : memory.format_tag.aBcd8b;
        return new memory.desc(new long[] {n, channels, height, width}, typeOf(type), layout);
    }

    /** One number for each channel. */
    static memory.desc numbers(long channels) {
        return new memory.desc(new long[] {channels}, memory.data_type.f32, memory.format_tag.a);
    }

    static memory.data_type typeOf(ScalarType type) {
        return type == ScalarType.BFloat16 ? memory.data_type.bf16 : memory.data_type.f32;
    }

    /** Uninitialised memory for what is described. */
    static Tensor memoryFor(memory.desc description) {
        return torch.empty(
                new long[] {description.get_size()}, new TensorOptions(ScalarType.Byte), new MemoryFormatOptional());
    }

    /** Has each thread that runs a primitive bring the memory that it works in; the library's own would be of one thread. */
    static primitive_attr attributes() {
        primitive_attr attributes = new primitive_attr();
        attributes.set_scratchpad_mode(dnnl.scratchpad_mode.user);
        return attributes;
    }

    /** What a primitive reads and writes, by oneDNN's names for it. */
    static final class Arguments {
        private final IntMemoryMap memories = new IntMemoryMap();

        Arguments put(int name, memory.desc description, Tensor tensor) {
            assert tensor.is_contiguous() && tensor.numel() * tensor.element_size() == description.get_size();
            memories.put(name, new memory(description, cpu(), tensor.data_ptr()));
            return this;
        }
    }

    /**
     * An operation, which any thread may run.
     *
     * @param scratchpad what it works in
     * @param isReference whether it is but the plain loop that oneDNN has for every case
     */
    record Primitive(primitive primitive, memory.desc scratchpad, boolean isReference) {
        static Primitive of(primitive primitive, primitive_desc_base description, Scope scope) {
            return new Primitive(
                    scope.keep(primitive),
                    scope.keep(description.scratchpad_desc()),
                    description.impl_info_str().getString().startsWith("ref"));
        }

        void run(Arguments arguments) {
            arguments.put(dnnl.DNNL_ARG_SCRATCHPAD, scratchpad, memoryFor(scratchpad));
            primitive.execute(new stream(cpu()), arguments.memories);
        }
    }
}
