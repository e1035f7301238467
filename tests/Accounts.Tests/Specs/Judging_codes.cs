using System.Text;
using Hikyaku.Accounts.SecondFactors;

namespace Hikyaku.Accounts.Tests.Specs;

[Trait("Rule", "GWY-2")]
public sealed class Judging_codes
{
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("12345678901234567890"); // RFC 6238, appendix B
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 9, 0, 0, TimeSpan.Zero);
    private static readonly SecondFactor Factor = new() { Id = "staff:hanako", Sealed = "x", LastStep = 100, RecoveryCodes = ["r1", "r2"] };

    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1111111111, "050471")]
    [InlineData(1234567890, "005924")]
    [InlineData(2000000000, "279037")]
    [InlineData(20000000000, "353130")]
    public void Codes_are_those_of_the_RFC(long seconds, string code)
        => Assert.Equal(seconds / 30, TotpCode.StepOf(Secret, code, DateTimeOffset.FromUnixTimeSeconds(seconds)));

    [Theory]
    [InlineData(-61, false)]
    [InlineData(-30, true)]
    [InlineData(-1, true)]
    [InlineData(0, true)]
    [InlineData(29, true)]
    [InlineData(30, true)]
    [InlineData(59, true)]
    [InlineData(60, false)]
    [InlineData(3600, false)]
    public void A_clock_may_be_wrong_by_one_step_and_no_more(int skewSeconds, bool counts)
    {
        const long beginOfStep = 1111111110; // 050471 is shown for the 30 seconds from here
        var step = TotpCode.StepOf(Secret, "050471", DateTimeOffset.FromUnixTimeSeconds(beginOfStep + skewSeconds));
        Assert.Equal(counts ? beginOfStep / 30 : null, step);
    }

    [Theory]
    [InlineData("050 471")]
    [InlineData(" 050471 ")]
    [InlineData("050-471")]
    [InlineData("０５０４７１")]
    public void A_code_is_read_in_any_width_and_with_spaces(string typed)
        => Assert.NotNull(TotpCode.StepOf(Secret, typed, DateTimeOffset.FromUnixTimeSeconds(1111111111)));

    [Theory]
    [InlineData("")]
    [InlineData("05047")]
    [InlineData("0504711")]
    [InlineData("14050471")]
    [InlineData("05047a")]
    [InlineData("०५०४७१")]
    [InlineData("\ud83d050471")]
    public void What_is_no_code_is_refused(string typed)
        => Assert.Null(TotpCode.StepOf(Secret, typed, DateTimeOffset.FromUnixTimeSeconds(1111111111)));

    [Fact]
    public void The_address_names_login_platform_and_kind()
        => Assert.Equal(
            ["algorithm=SHA1", "digits=6", "issuer=Hikyaku", "period=30", "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
            new Uri(TotpCode.UriOf(Secret, "hanako", "Hikyaku")).Query.TrimStart('?').Split('&').Order(StringComparer.Ordinal));

    [Fact]
    public void A_step_counts_once_and_no_earlier_one_after_it()
    {
        var (use, after) = Factor.Judge(102, "none", Now);
        Assert.Equal((CodeUse.Right, 102L, Now), (use, after.LastStep, after.LastUsedAt));

        foreach (var step in new long[] { 100, 101, 102 }) Assert.Equal(CodeUse.Wrong, after.Judge(step, "none", Now).Use);
        Assert.Equal(CodeUse.Right, after.Judge(103, "none", Now).Use);
    }

    [Fact]
    public void A_recovery_code_counts_once()
    {
        var (use, after) = Factor.Judge(null, "r1", Now);
        Assert.Equal(CodeUse.RightRecovery, use);
        Assert.Equal(["r2"], after.RecoveryCodes);
        Assert.Equal(CodeUse.Wrong, after.Judge(null, "r1", Now).Use);
        Assert.Equal(100, after.LastStep);
    }

    [Fact, Trait("Rule", "SEC-5")]
    public void After_thirty_wrong_codes_none_is_looked_at_for_the_rest_of_the_hour()
    {
        var factor = Factor;
        for (var i = 0; i < 30; i++)
        {
            Assert.Equal(CodeUse.Right, factor.Judge(200 + i, "none", Now).Use);
            (var use, factor) = factor.Judge(null, "none", Now + TimeSpan.FromMinutes(i));
            Assert.Equal(CodeUse.Wrong, use);
        }

        var (refused, after) = factor.Judge(300, "r1", Now + TimeSpan.FromMinutes(59));
        Assert.Equal((CodeUse.TooMany, factor), (refused, after));
        Assert.Equal(CodeUse.Right, factor.Judge(300, "none", Now + TimeSpan.FromHours(1)).Use);
        Assert.Equal(1, factor.Judge(null, "none", Now + TimeSpan.FromHours(1)).After.WrongCodes);
    }

    [Fact]
    public void A_right_code_clears_no_wrong_ones()
    {
        var wrong = Factor.Judge(null, "none", Now).After;
        Assert.Equal(1, wrong.Judge(101, "none", Now).After.WrongCodes);
        Assert.Equal(1, wrong.Judge(null, "r1", Now).After.WrongCodes);
    }

    [Fact]
    public void Recovery_codes_are_ten_different_ones_without_what_looks_alike()
    {
        var codes = RecoveryCode.Make();
        Assert.Equal(10, codes.Distinct().Count());
        Assert.All(codes, c => Assert.Matches("^[2-9a-hjkmnp-z]{5}-[2-9a-hjkmnp-z]{5}$", c));
    }
}
