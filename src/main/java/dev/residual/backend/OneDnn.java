package dev.residual.backend;

import dev.residual.Processor;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Natives;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.dnnl.stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The library oneDNN: loading it, what it can do here, and calling it on memory that libtorch's tensors own, with as many
 * threads as libtorch's operations would use.
 */
final class OneDnn {
    private static final Map<ScalarType, Optional<MemoryFormat>> FORMATS = new ConcurrentHashMap<>();

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

    /** Why oneDNN cannot be loaded on this system, in a few words; empty where it can. */
    private static final class Loading {
        static final Optional<String> PROBLEM = load();

        private static Optional<String> load() {
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

    /** Why it is not to be used here, in a few words; empty where it is. */
    static Optional<String> problem(Precision precision) {
        return Loading.PROBLEM.or(() -> memoryFormat(precision.type()).isPresent()
                ? Optional.empty()
                : Optional.of("oneDNN has no fast kernels for " + precision + " on this processor"));
    }

    /** Its version and the instructions that it uses here, such as {@code oneDNN 3.11.0, avx2}. */
    static String description() {
        dnnl_version_t v = dnnl.dnnl_version();
        return "oneDNN " + v.major() + "." + v.minor() + "." + v.patch() + ", "
                + instructions(dnnl.dnnl_get_effective_cpu_isa());
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

    /** Whether bf16 is faster than fp32 here. */
    static boolean isFasterInBfloat16() {
        return problem(Precision.BF16).isEmpty()
                && isFasterInBfloat16(dnnl.dnnl_get_effective_cpu_isa(), Processor.vendor());
    }

    /**
     * Where the processor itself multiplies bf16: elsewhere it takes several times as long. With AMX a step of ResNet-20 takes
     * half as long as in fp32; with Intel's bf16 instructions in AVX-512 alone, unlike AMD's, it took 1.3 times as long.
     *
     * @param vendor as the processor tells it, such as {@code GenuineIntel}
     */
    static boolean isFasterInBfloat16(int isa, String vendor) {
        return contains(isa, dnnl.dnnl_cpu_isa_avx512_core_amx)
                || contains(isa, dnnl.dnnl_cpu_isa_avx512_core_bf16) && !vendor.contains("Intel");
    }

    /** The memory format that its kernels are fastest for here; empty where it has no fast ones. */
    static Optional<MemoryFormat> memoryFormat(ScalarType type) {
        return FORMATS.computeIfAbsent(
                type,
                t -> candidates(t)
                        .filter(format -> OneDnnBackend.hasFastKernels(t, format))
                        .findFirst());
    }

    /** oneDNN's kernels for AMX want channels-last: a step of ResNet-20 took 68 ms there, and 180 in blocks of 16. */
    private static Stream<MemoryFormat> candidates(ScalarType type) {
        boolean amx = type == ScalarType.BFloat16
                && contains(dnnl.dnnl_get_effective_cpu_isa(), dnnl.dnnl_cpu_isa_avx512_core_amx);
        return Stream.concat(
                amx ? Stream.of(MemoryFormat.CHANNELS_LAST) : Stream.empty(),
                Stream.of(MemoryFormat.BLOCKED_16, MemoryFormat.BLOCKED_8));
    }

    /**
     * How a tensor lies in memory.
     *
     * @param type of its values; {@code Byte} where oneDNN alone knows the order in which they lie
     */
    record Format(memory.desc desc, long bytes, ScalarType type) {
        static Format of(memory.desc desc, ScalarType type, Natives natives) {
            return new Format(natives.own(desc), desc.get_size(), type);
        }

        /** A layout that oneDNN chose, and only oneDNN knows. */
        static Format opaque(memory.desc desc, Natives natives) {
            return of(desc, ScalarType.Byte, natives);
        }

        static Format ofMaps(
                long n, dev.residual.graph.Shape shape, ScalarType type, MemoryFormat format, Natives natives) {
            long[] sizes = {n, shape.channels(), shape.height(), shape.width()};
            return of(new memory.desc(sizes, typeOf(type), format.tag()), type, natives);
        }

        /** One float32 a channel. */
        static Format ofChannels(long channels, Natives natives) {
            return of(
                    new memory.desc(new long[] {channels}, memory.data_type.f32, memory.format_tag.a),
                    ScalarType.Float,
                    natives);
        }

        /** Uninitialised memory of this size. */
        Tensor allocate() {
            return Tensors.empty(ScalarType.Byte, bytes);
        }

        /** oneDNN takes an address and believes the rest: what does not fit would be read, or written, beyond its end. */
        private void require(Tensor tensor) {
            ScalarType given = tensor.scalar_type().intern();
            long size = tensor.numel() * tensor.element_size();
            if (given != type || !tensor.is_contiguous() || size != bytes) {
                throw new IllegalArgumentException("a tensor of " + Arrays.toString(tensor.shape()) + " " + given + ", "
                        + size + " bytes" + (tensor.is_contiguous() ? "" : ", not contiguous") + ": expected " + bytes
                        + " bytes of " + type);
            }
        }
    }

    /** @throws IllegalArgumentException for types that networks do not compute in */
    static memory.data_type typeOf(ScalarType type) {
        return switch (type) {
            case Float -> memory.data_type.f32;
            case BFloat16 -> memory.data_type.bf16;
            default -> throw new IllegalArgumentException("no feature maps of type " + type);
        };
    }

    /** With scratchpads supplied by each call, since those that the library manages are not thread-safe. */
    static primitive_attr attributes() {
        primitive_attr attributes = new primitive_attr();
        attributes.set_scratchpad_mode(dnnl.scratchpad_mode.user);
        return attributes;
    }

    /** The memory that a primitive reads and writes, by oneDNN's names for it. */
    static final class Arguments {
        private final IntMemoryMap memories = new IntMemoryMap();

        Arguments put(int name, Format format, Tensor tensor) {
            format.require(tensor);
            memories.put(name, new memory(format.desc, cpu(), tensor.data_ptr()));
            return this;
        }
    }

    /**
     * An operation, which any thread may run.
     *
     * @param scratchpad what it works in
     * @param isReference whether it is only the slow loop that oneDNN has for every case
     */
    record Primitive(primitive primitive, Format scratchpad, boolean isReference) {
        static Primitive of(primitive primitive, primitive_desc_base description, Natives natives) {
            return new Primitive(
                    natives.own(primitive),
                    Format.opaque(description.scratchpad_desc(), natives),
                    description.impl_info_str().getString().startsWith("ref"));
        }

        void run(Arguments arguments) {
            arguments.put(dnnl.DNNL_ARG_SCRATCHPAD, scratchpad, scratchpad.allocate());
            primitive.execute(new stream(cpu()), arguments.memories);
        }

        /** Runs it as often as one likes on the same memory, which the caller keeps. */
        Runnable bind(Arguments arguments, Natives natives) {
            arguments.put(dnnl.DNNL_ARG_SCRATCHPAD, scratchpad, natives.own(scratchpad.allocate()));
            IntMemoryMap memories = natives.own(arguments.memories);
            stream stream = natives.own(new stream(cpu()));
            return () -> primitive.execute(stream, memories);
        }
    }
}
