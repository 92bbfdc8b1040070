package dev.residual.tensor;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.OperatorName;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.global.torch;

/**
 * An operation that libtorch has for its own compilers, without a function for it: called by its name. Constants for its
 * arguments, as operations themselves, are made once and kept for good.
 */
final class Operator {
    private static final Map<List<Long>, IValue> PAIRS = new ConcurrentHashMap<>();

    private final OperatorHandle handle;

    private Operator(OperatorHandle handle) {
        this.handle = handle;
    }

    /**
     * @param name such as {@code mkldnn::data_ptr}
     * @param overload the name after its dot, mostly empty
     * @return nothing where this build lacks it
     */
    static Optional<Operator> find(String name, String overload) {
        try (Scope scope = Scope.open()) {
            Dispatcher dispatcher = Dispatcher.singleton();
            return dispatcher.findSchema(new OperatorName(name, overload)).has_value()
                    ? Optional.of(new Operator(scope.keep(dispatcher.findSchemaOrThrow(name, overload))))
                    : Optional.empty();
        }
    }

    /** What it gives, or the first of it: good as long as the scope that it was called in. */
    IValue call(IValue... arguments) {
        IValueVector stack = new IValueVector(arguments);
        handle.callBoxed(stack);
        return stack.get(0);
    }

    static IValue constant(Supplier<IValue> value) {
        try (Scope scope = Scope.open()) {
            return scope.keep(value.get());
        }
    }

    /** [a, b]: JavaCPP makes lists of integers only by way of TorchScript. */
    static IValue pair(long a, long b) {
        return PAIRS.computeIfAbsent(
                List.of(a, b),
                pair -> constant(() -> torch.compile("def pair(a: int, b: int):\n    return [a, b]\n")
                        .get_function(new QualifiedName("pair"))
                        .apply(new IValueVector(new IValue(a), new IValue(b)))));
    }

    /** An empty list of the type that the operation declares for its argument of this number. */
    IValue emptyList(int argument) {
        return constant(() -> new IValue(new GenericList(
                handle.schema().arguments().getPointer(argument).type().get().containedType(0))));
    }
}
