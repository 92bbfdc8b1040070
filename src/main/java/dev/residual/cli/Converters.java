package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.data.Augmentation;
import dev.residual.data.Cifar100;
import dev.residual.data.Normalization;
import dev.residual.formats.Naming;
import dev.residual.nn.Activation;
import dev.residual.nn.Block.Layer;
import dev.residual.nn.Shortcut;
import dev.residual.recipe.ClassWeights;
import dev.residual.recipe.Optimizer.Decay;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How the values of options are read, and what is said of those that cannot be. */
final class Converters {
    private Converters() {}

    static void register(CommandLine commandLine) {
        commandLine
                .registerConverter(Augmentation.Kind.class, oneOf(Augmentation.Kind.values()))
                .registerConverter(Normalization.Kind.class, oneOf(Normalization.Kind.values()))
                .registerConverter(Shortcut.class, oneOf(Shortcut.values()))
                .registerConverter(Activation.class, oneOf(Activation.values()))
                .registerConverter(Layer.class, sentence(Layer::of))
                .registerConverter(RecipeOptions.OptimizerKind.class, oneOf(RecipeOptions.OptimizerKind.values()))
                .registerConverter(RecipeOptions.ScheduleKind.class, oneOf(RecipeOptions.ScheduleKind.values()))
                .registerConverter(TrainCommand.Kept.class, oneOf(TrainCommand.Kept.values()))
                .registerConverter(ClassWeights.class, oneOf(ClassWeights.values()))
                .registerConverter(Decay.On.class, oneOf(Decay.On.values()))
                .registerConverter(EvaluateCommand.Part.class, oneOf(EvaluateCommand.Part.values()))
                .registerConverter(ExportCommand.Format.class, oneOf(ExportCommand.Format.values()))
                .registerConverter(Cifar100.Labels.class, oneOf(Cifar100.Labels.values()))
                .registerConverter(Naming.class, oneOf(Naming.values()))
                .registerConverter(Long.class, number("whole number", Long::valueOf))
                .registerConverter(long.class, number("whole number", Long::valueOf))
                .registerConverter(Integer.class, number("whole number", Integer::valueOf))
                .registerConverter(int.class, number("whole number", Integer::valueOf))
                .registerConverter(Double.class, number("number", Double::valueOf))
                .registerConverter(float.class, number("number", Float::valueOf))
                .registerConverter(Path.class, sentence(ImageArgument::path));
    }

    /** By the name that it is written as, in upper or lower case. */
    private static <E extends Enum<E>> ITypeConverter<E> oneOf(E[] values) {
        return name -> Arrays.stream(values)
                .filter(v -> v.toString().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> new TypeConversionException(
                        "expected one of " + Arrays.toString(values) + ", but was '" + name + "'"));
    }

    private static <N extends Number> ITypeConverter<N> number(String kind, Function<String, N> parse) {
        return text -> {
            try {
                return parse.apply(text);
            } catch (NumberFormatException e) {
                boolean large = text.matches("\\+?\\d+");
                throw new TypeConversionException(
                        "expected a " + (large ? "smaller " : "") + kind + ", but was '" + text + "'");
            }
        };
    }

    private static <T> ITypeConverter<T> sentence(Function<String, T> parse) {
        return text -> {
            try {
                return parse.apply(text);
            } catch (ResidualException e) {
                throw new TypeConversionException(e.getMessage());
            }
        };
    }
}
