using Xunit;

namespace Hikyaku.Platform.Tests.Specs;

[Trait("Rule", "ACC-15")]
public class InternetNameSpecs
{
    private static readonly string Label63 = new('a', 63);

    public static TheoryData<string, string> Domains => new()
    {
        { "example.jp", "example.jp" },
        { "EXAMPLE.Jp", "example.jp" },
        { " example.jp ", "example.jp" }, // phones put a blank behind a word
        { "example.jp\r\n", "example.jp" }, // and copying a line its end
        { "ｅｘａｍｐｌｅ．ｊｐ", "example.jp" }, // full width, dot too
        { "example。jp", "example.jp" }, // ideographic full stop
        { "example｡jp", "example.jp" }, // and its half-width form
        { "日本語.jp", "xn--wgv71a119e.jp" },
        { "xn--wgv71a119e.jp", "xn--wgv71a119e.jp" },
        { "XN--WGV71A119E.JP", "xn--wgv71a119e.jp" },
        { "ﾆﾎﾝ.jp", "xn--idk6a7d.jp" }, // half-width katakana: ニホン
        { "か\u3099.jp", "xn--v8j.jp" }, // decomposed: が
        { "bücher.de", "xn--bcher-kva.de" },
        { "BÜCHER.de", "xn--bcher-kva.de" },
        { "straße.de", "xn--strae-oqa.de" },
        { "a-b.c1.example", "a-b.c1.example" },
        { "1.example", "1.example" },
        { "例え.テスト", "xn--r8jz45g.xn--zckzah" },
    };

    [Theory]
    [MemberData(nameof(Domains))]
    public void A_domain_name_in_any_form_is_read_as_lower_case_A_labels(string typed, string expected)
    {
        Assert.True(InternetNames.TryReadDomain(typed, out var domain));
        Assert.Equal(expected, domain);
        Assert.True(InternetNames.TryReadDomain(domain, out var again));
        Assert.Equal(domain, again);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("jp")]
    [InlineData(".jp")]
    [InlineData("example..jp")]
    [InlineData("example.jp.")]
    [InlineData("example.jp。")]
    [InlineData("exam ple.jp")]
    [InlineData("exa\0mple.jp")]
    [InlineData("-example.jp")]
    [InlineData("example-.jp")]
    [InlineData("exam_ple.jp")]
    [InlineData("_dmarc.example.jp")]
    [InlineData("example.123")]
    [InlineData("192.0.2.1")]
    [InlineData("１９２．０．２．１")]
    [InlineData("[192.0.2.1]")]
    [InlineData("example.jp:25")]
    [InlineData("example.jp/x")]
    [InlineData("taro@example.jp")]
    [InlineData("*.example.jp")]
    [InlineData("xn--\u65e5.jp")]
    [InlineData("xn--.jp")]
    [InlineData("xn--a.jp")]
    [InlineData("xn--example-.jp")]
    [InlineData("exa\u202emple.jp")]
    [InlineData("\u0301a.jp")]
    [InlineData("℀.jp")]
    public void What_is_no_domain_name_is_refused(string? typed)
        => Assert.False(InternetNames.TryReadDomain(typed, out _));

    [Fact] // Not in a theory: test names with half a character cannot be reported.
    public void Half_of_a_surrogate_pair_is_refused()
    {
        Assert.False(InternetNames.TryReadDomain("exa\ud800mple.jp", out _));
        Assert.False(InternetNames.TryReadDomain("\udc00.jp", out _));
        Assert.False(InternetNames.TryReadDomain("example.jp\ud83d", out _));
    }

    [Fact]
    public void The_lengths_of_RFC_1035_count_in_A_labels()
    {
        Assert.True(InternetNames.TryReadDomain($"{Label63}.jp", out _));
        Assert.False(InternetNames.TryReadDomain($"{Label63}a.jp", out _));
        Assert.True(InternetNames.TryReadDomain($"{Label63}.{Label63}.{Label63}.{new string('a', 61)}", out var longest));
        Assert.Equal(253, longest!.Length);
        Assert.False(InternetNames.TryReadDomain($"{Label63}.{Label63}.{Label63}.{new string('a', 62)}", out _));
        Assert.False(InternetNames.TryReadDomain($"{new string('日', 60)}.jp", out _)); // 60 characters, more than 63 in its A-label
        Assert.False(InternetNames.TryReadDomain(string.Join('.', Enumerable.Repeat("日本語", 40)) + ".jp", out _));
    }

    [Fact]
    public void A_million_characters_are_refused_at_once()
        => Assert.False(InternetNames.TryReadDomain(new string('\uFDFA', 1_000_000), out _));

    [Theory]
    [InlineData("taro@example.jp", "taro@example.jp", "example.jp")]
    [InlineData("TARO@Example.JP", "taro@example.jp", "example.jp")]
    [InlineData("taro@日本語.jp", "taro@xn--wgv71a119e.jp", "xn--wgv71a119e.jp")]
    [InlineData("Ta.R-o_1@ｅｘａｍｐｌｅ．ｊｐ", "ta.r-o_1@example.jp", "example.jp")]
    [InlineData("a@b@example.jp", "a@b@example.jp", "example.jp")]
    public void An_address_in_any_form_is_read_with_its_domain(string typed, string address, string domain)
    {
        Assert.True(InternetNames.TryReadAddress(typed, out var readAddress, out var readDomain));
        Assert.Equal((address, domain), (readAddress, readDomain));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("taro")]
    [InlineData("@example.jp")]
    [InlineData("taro@")]
    [InlineData("taro@jp")]
    [InlineData("taro@example.jp@")]
    [InlineData("operator")]
    public void What_is_no_address_is_refused(string? typed)
        => Assert.False(InternetNames.TryReadAddress(typed, out _, out _));

    [Fact]
    public void A_local_part_has_64_characters_at_most()
    {
        Assert.True(InternetNames.TryReadAddress(new string('a', 64) + "@example.jp", out _, out _));
        Assert.False(InternetNames.TryReadAddress(new string('a', 65) + "@example.jp", out _, out _));
    }

    [Fact] // U+212A, the Kelvin sign, becomes an ASCII k in lower case.
    public void No_other_script_becomes_a_letter_of_an_address()
    {
        Assert.True(InternetNames.TryReadAddress("\u212aen@example.jp", out var address, out _));
        Assert.NotEqual("ken@example.jp", address);
    }

    [Fact, Trait("Rule", "ACC-15")]
    public void Every_width_of_an_address_and_blanks_around_it_mean_the_same()
    {
        var typed =
            from local in new[] { "taro", "TARO", "Taro" }
            from at in "@\uFF20"
            from wide in Enumerable.Range(0, 128)
            from dot in ".\u3002\uFF0E\uFF61"
            from blank in new[] { "", " ", "\u3000", "\t" }
            let name = string.Concat("Example".Select((c, i) => (wide >> i & 1) == 1 ? (char)(c + 0xFEE0) : c))
            select $"{blank}{local}{at}{name}{dot}jp{blank}";
        Assert.All(typed, t => Assert.Equal((true, "taro@example.jp"), (InternetNames.TryReadAddress(t, out var address, out _), address)));
    }
}
