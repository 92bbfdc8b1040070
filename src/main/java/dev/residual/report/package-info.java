/**
 * What a run looks like: charts of its metrics, its network as a drawing, and one self-contained HTML page. Comparisons of
 * several runs are in {@code study}.
 */
package dev.residual.report;
