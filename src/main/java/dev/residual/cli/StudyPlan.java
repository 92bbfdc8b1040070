package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.data.Folder;
import dev.residual.study.Options;
import dev.residual.study.Plan;
import dev.residual.study.Plan.Part;
import dev.residual.study.Study;
import dev.residual.study.Study.Variation;
import dev.residual.study.Wanted;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Reads the options of a study's runs as {@code train} does. */
final class StudyPlan {
    private static final String TRAIN = "train";

    /** Options of both commands that {@code study} keeps for itself. */
    private static final Set<String> OF_THE_STUDY = Set.of("--from", "--output", "--threads", "--verbose", "--help");

    private StudyPlan() {}

    /** Whether an option of {@code study} is meant for each of its runs. */
    static boolean isOfEachRun(String option) {
        CommandLine train = Main.parser(TRAIN).getSubcommands().get(TRAIN);
        return train.getCommandSpec().findOption(option) != null && !OF_THE_STUDY.contains(option);
    }

    /** @param more options of all runs, instead of what the study says */
    static Plan of(Study study, Options more) {
        Map<Folder, Map<String, String>> read = new HashMap<>();
        Function<Folder, Map<String, String>> sha256 = folder -> read.computeIfAbsent(folder, DataOptions::sha256);
        return new Plan(
                study,
                study.variations().stream()
                        .map(v -> part(study, v, more, sha256))
                        .toList());
    }

    private static Part part(
            Study study, Variation variation, Options more, Function<Folder, Map<String, String>> sha256) {
        Options usual = study.options(variation);
        Options options = usual.and(more);
        try {
            Wanted wanted = asked(options).wanted(sha256);
            Wanted planned = asked(usual).wanted(sha256);
            Map<Long, Wanted> lengths = new HashMap<>();
            return new Part(
                    // What is published is of the study's own images.
                    planned.dataset().equals(wanted.dataset()) ? variation : variation.unpublished(),
                    options,
                    wanted,
                    n -> lengths.computeIfAbsent(
                            n,
                            length -> asked(options.and("--iterations", length)).wanted(sha256)),
                    planned.iterations());
        } catch (ResidualException | ParameterException e) {
            throw new ResidualException("variation '" + variation.name() + "': " + e.getMessage(), e);
        }
    }

    /** Where the runs of these options look for their images. */
    static DataOptions data(Options options) {
        return train(options).data;
    }

    private static AskedTraining asked(Options options) {
        return new AskedTraining(train(options), Optional.empty());
    }

    private static TrainCommand train(Options options) {
        List<String> arguments = new ArrayList<>(List.of(TRAIN));
        arguments.addAll(options.arguments());
        ParseResult parsed = Main.parser(TRAIN).parseArgs(arguments.toArray(String[]::new));
        return (TrainCommand) parsed.subcommand().commandSpec().userObject();
    }
}
