/**
 * Many runs, compared: the studies and their files, which of their runs are there and in what state, the processes that
 * train the others, and the outcome as a table, a chart and a page. How options are read and what a terminal shows is in
 * {@code cli}; what one run is, in {@code launch} and {@code run}.
 */
package dev.residual.study;
