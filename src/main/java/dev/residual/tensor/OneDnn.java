package dev.residual.tensor;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.dnnl_version_t;
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

    /** Why oneDNN cannot be used on this system, in a few words; empty where it can. */
    private static final class Problem {
        static final Optional<String> PROBLEM = look();

        private static Optional<String> look() {
            try {
                cpu(); // first of all: any other class of the bindings would load the library by itself
                return Optional.empty();
            } catch (RuntimeException | LinkageError e) {
                Throwable cause = e instanceof ExceptionInInitializerError && e.getCause() != null ? e.getCause() : e;
                return Optional.of("oneDNN could not be loaded (" + cause + ")");
            }
        }
    }

    static engine cpu() {
        return Cpu.ENGINE;
    }

    static Optional<String> problem() {
        return Problem.PROBLEM;
    }

    /** Its version and the instructions that it uses here, such as {@code 3.11.0, avx2}. */
    static String description() {
        dnnl_version_t v = dnnl.dnnl_version();
        return v.major() + "." + v.minor() + "." + v.patch() + ", " + instructions(dnnl.dnnl_get_effective_cpu_isa());
    }

    /** oneDNN's names, of which each set of instructions has a number that contains the bits of those it extends. */
    private static String instructions(int isa) {
        if (contains(isa, dnnl.dnnl_cpu_isa_avx512_core_amx)) {
            return "amx";
        }
        if (contains(isa, dnnl.dnnl_cpu_isa_avx512_core_bf16)) {
            return "avx512_bf16";
        }
        if (contains(isa, dnnl.dnnl_cpu_isa_avx512_core)) {
            return "avx512";
        }
        if (contains(isa, dnnl.dnnl_cpu_isa_avx2)) {
            return "avx2";
        }
        return isa == dnnl.dnnl_cpu_isa_default ? "not an x86 processor" : "sse41";
    }

    private static boolean contains(int isa, int other) {
        return (isa & other) == other;
    }

    /** Whether the processor itself multiplies bfloat16; elsewhere oneDNN takes several times as long as in float32. */
    static boolean multipliesBfloat16() {
        return problem().isEmpty()
                && contains(dnnl.dnnl_get_effective_cpu_isa(), dnnl.dnnl_cpu_isa_avx512_core_bf16)
                && block(ScalarType.BFloat16).isPresent();
    }

    /** The b of above for this processor, where oneDNN has kernels for it at all. */
    static OptionalInt block(ScalarType type) {
        return BLOCKS.computeIfAbsent(
                type,
                t -> IntStream.of(16, 8).filter(block -> hasKernels(t, block)).findFirst());
    }

    private static boolean hasKernels(ScalarType type, int block) {
        if (problem().isPresent()) {
            return false;
        }
        try {
            ConvolutionPrimitives.Kind convolution =
                    new ConvolutionPrimitives.Kind(2, block, 8, 8, 2 * block, 3, 1, 1, false, type, block, 1);
            BatchNormPrimitives.Kind bn = new BatchNormPrimitives.Kind(2, block, 8, 8, true, 0, type, block, 1);
            return !new ConvolutionPrimitives(convolution).isReference() && !new BatchNormPrimitives(bn).isReference();
        } catch (RuntimeException e) { // the only kind that oneDNN throws: it does not compute this at all
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

    /** @throws IllegalArgumentException for types that networks do not compute in */
    static memory.data_type typeOf(ScalarType type) {
        return switch (type) {
            case Float -> memory.data_type.f32;
            case BFloat16 -> memory.data_type.bf16;
            default -> throw new IllegalArgumentException("no feature maps of type " + type);
        };
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
            require(description, tensor);
            memories.put(name, new memory(description, cpu(), tensor.data_ptr()));
            return this;
        }
    }

    /** oneDNN takes an address and believes the rest: what does not fit would be read, or written, beyond its end. */
    private static void require(memory.desc description, Tensor tensor) {
        ScalarType type = tensor.scalar_type().intern();
        boolean bytes = type == ScalarType.Byte; // of oneDNN's own forms, which are described by it alone
        boolean typed = bytes || typeOf(type).value == description.get_data_type().value;
        long size = tensor.numel() * tensor.element_size();
        if (!typed || !tensor.is_contiguous() || size != description.get_size()) {
            throw new IllegalArgumentException("a tensor of " + Arrays.toString(tensor.shape()) + " " + type + ", "
                    + size + " bytes" + (tensor.is_contiguous() ? "" : ", not contiguous") + ": expected "
                    + description.get_size() + " bytes of "
                    + (description.get_data_type() == memory.data_type.bf16 ? "bfloat16" : "float32"));
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
