using System.Resources;
using Hikyaku.Platform;
using Xunit;

namespace Hikyaku.Architecture.Tests;

[Trait("Rule", "GWY-3")]
public class Documents_of_errors
{
    private static readonly ResourceManager Texts = PlatformProblems.Fault.Texts;

    [Fact]
    public void The_page_is_what_the_code_says()
    {
        var (file, generated) = (Path.Combine(Repository.Root, "docs", "errors.md"), ErrorsPage.Of(ProblemCodes.All));
        if (Environment.GetEnvironmentVariable("HIKYAKU_ACCEPT") == "1") File.WriteAllText(file, generated);

        Assert.True(File.Exists(file) && File.ReadAllText(file) == generated, "docs/errors.md is not what the code says; HIKYAKU_ACCEPT=1 writes it anew");
    }

    [Fact]
    public void Codes_of_one_group_stand_together_in_order()
    {
        var page = ErrorsPage.Of([new("request.stale", 412, Texts), new("platform.fault", 500, Texts), new("request.forbidden", 403, Texts)]);

        int[] places = [.. new[] { "## platform", "`platform.fault` | 500 |", "## request", "`request.forbidden` | 403 |", "`request.stale` | 412 |" }
            .Select(part => page.IndexOf(part, StringComparison.Ordinal))];
        Assert.DoesNotContain(-1, places);
        Assert.Equal(places.Order(), places);
    }

    [Fact]
    public void Each_code_has_both_texts()
    {
        var page = ErrorsPage.Of([PlatformProblems.NotFound]);

        Assert.All(
            new[] { "en", "ja" },
            language => Assert.Contains(Texts.GetString(PlatformProblems.NotFound.Code, new(language))!, page, StringComparison.Ordinal));
    }
}
