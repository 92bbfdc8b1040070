package dev.residual.tensor;

import java.util.Optional;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.OperatorName;

/**
 * An operation that libtorch has for its own compilers, without a function for it: called by its name.
 */
final class Operator {
    private final OperatorHandle handle;

    private Operator(OperatorHandle handle) {
        this.handle = handle;
    }

    /**
     * @param name such as {@code mkldnn::_convolution_pointwise}
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

    /** A list of the type that the operation declares for its argument of this number. */
    IValue list(int argument, long... values) {
        GenericList list = new GenericList(
                handle.schema().arguments().getPointer(argument).type().get().containedType(0));
        LongStream.of(values).forEach(value -> list.push_back(new IValue(value)));
        return new IValue(list);
    }
}
