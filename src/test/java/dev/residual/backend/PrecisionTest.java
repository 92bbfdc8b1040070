package dev.residual.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.dnnl.global.dnnl;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where {@code --precision auto} is bf16. */
class PrecisionTest {
    private static final int AVX512 = dnnl.dnnl_cpu_isa_avx512_core;
    private static final int AVX512_BF16 = dnnl.dnnl_cpu_isa_avx512_core_bf16;
    private static final int AMX = dnnl.dnnl_cpu_isa_avx512_core_amx;

    @ParameterizedTest
    @CsvSource({
        "AuthenticAMD, false, true, true",
        "GenuineIntel, false, false, true",
        "'Intel64 Family 6 Model 143 Stepping 8, GenuineIntel', false, false, true"
    })
    void bf16IsChosenWhereItIsFaster(String vendor, boolean avx512, boolean avx512Bf16, boolean amx) {
        assertThat(OneDnn.isFasterInBfloat16(AVX512, vendor)).isEqualTo(avx512);
        assertThat(OneDnn.isFasterInBfloat16(AVX512_BF16, vendor)).isEqualTo(avx512Bf16);
        assertThat(OneDnn.isFasterInBfloat16(AMX, vendor)).isEqualTo(amx);
    }
}
