package dev.residual.cli;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What people type who come from PyTorch's, timm's and other training scripts, and what it is called here. */
final class Hints {
    private static final Map<String, List<String>> HINTS = Map.ofEntries(
            hint("--threads N", "--workers", "--num-workers", "-j", "--num-threads"),
            hint(
                    "--output DIR",
                    "--output-dir",
                    "--save-dir",
                    "--save",
                    "--out",
                    "-o",
                    "--experiment",
                    "--name",
                    "--log-dir"),
            hint("--data DIR", "--data-dir", "--data-path", "--dataroot", "--root"),
            hint("--batch-size N", "--batch", "--bs", "--train-batch", "--train-batch-size"),
            hint("--epochs N", "--n-epochs", "--num-epochs", "--epoch", "-e"),
            hint("--iterations N", "--steps", "--max-steps", "--iters", "-n"),
            hint("--learning-rate X", "--lr-rate", "--base-lr", "-l"),
            hint("--weight-decay X", "--l2", "--decay"),
            hint("--milestones N,N", "--lr-steps", "--decay-epochs", "--lr-step-size"),
            hint("--gamma X", "--lr-gamma", "--decay-rate", "--lr-decay"),
            hint("--warmup ITERATIONS", "--warmup-epochs"),
            hint("--warmup-learning-rate X", "--warmup-lr"),
            hint("--from MODEL", "--pretrained", "--weights", "--finetune", "--initial-checkpoint"),
            hint("--precision bf16", "--amp", "--half", "--fp16", "--bf16", "--mixed-precision"),
            hint("--device cuda", "--gpu", "--cuda", "--gpus", "--gpu-id"),
            hint("--augmentation NAME", "--aug", "--augment", "--no-aug"),
            hint("--validation N", "--val-split", "--validation-split", "--val"),
            hint("--log-steps", "--print-freq", "--log-interval", "-p"),
            hint("--checkpoint-every N", "--save-every", "--checkpoint-freq", "--save-freq", "--save-interval"),
            hint("'residual resume RUN'", "--resume", "-r", "--checkpoint"),
            hint("'residual evaluate MODEL'", "--evaluate", "--eval", "--test", "--test-only"),
            hint("'residual summary ARCHITECTURE'", "--summary"),
            hint("--architecture resnetD, such as resnet20", "--depth", "--layers", "--net", "--network", "-m"),
            hint("--version", "-v"),
            hint("--format FORMAT", "-f", "--to"),
            hint("--top N", "--topk", "--top-k", "-k"));

    private Hints() {}

    private static Map.Entry<String, List<String>> hint(String ours, String... theirs) {
        return Map.entry(ours, List.of(theirs));
    }

    /** @param typed an argument that is not known, as it was typed */
    static Optional<String> of(String typed) {
        String option = typed.replaceAll("=.*", "");
        return HINTS.entrySet().stream()
                .filter(hint -> hint.getValue().contains(option))
                .map(Map.Entry::getKey)
                .findFirst();
    }
}
