/**
 * Residual networks: trained, evaluated and used. What is exported is what an application needs to train a network in a few
 * lines, to evaluate, save and load it, and to classify pictures.
 */
module dev.residual {
    requires com.fasterxml.jackson.databind;
    requires com.fasterxml.jackson.datatype.jdk8;
    requires com.google.protobuf;
    requires java.desktop;
    requires java.management;
    requires java.net.http;
    requires jdk.management;
    requires org.apache.commons.compress;
    requires org.bytedeco.dnnl;
    requires org.bytedeco.javacpp;
    requires org.bytedeco.pytorch;
    requires org.tribuo.util.onnx;
    requires pickle;

    // The command line and its charts; an application goes without.
    requires static info.picocli;
    requires static me.tongfei.progressbar;
    requires static org.jline.terminal;
    requires static org.knowm.xchart;
    requires static VectorGraphics2D;

    exports dev.residual;
    exports dev.residual.data;
    exports dev.residual.distributed;
    exports dev.residual.evaluate;
    exports dev.residual.graph;
    exports dev.residual.launch;
    exports dev.residual.model;
    exports dev.residual.nn;
    exports dev.residual.picture;
    exports dev.residual.predict;
    exports dev.residual.recipe;
    exports dev.residual.run;
    exports dev.residual.tensor;
    exports dev.residual.train;

    // Who reads and writes their fields.
    opens dev.residual.cli to
            info.picocli,
            com.fasterxml.jackson.databind;
    opens dev.residual.data to
            com.fasterxml.jackson.databind;
    opens dev.residual.evaluate to
            com.fasterxml.jackson.databind;
    opens dev.residual.formats.pytorch to
            com.fasterxml.jackson.databind;
    opens dev.residual.graph to
            com.fasterxml.jackson.databind;
    opens dev.residual.model to
            com.fasterxml.jackson.databind;
    opens dev.residual.nn to
            com.fasterxml.jackson.databind;
    opens dev.residual.recipe to
            com.fasterxml.jackson.databind;
    opens dev.residual.run to
            com.fasterxml.jackson.databind;
    opens dev.residual.study to
            com.fasterxml.jackson.databind;
    opens dev.residual.tensor to
            com.fasterxml.jackson.databind;
}
