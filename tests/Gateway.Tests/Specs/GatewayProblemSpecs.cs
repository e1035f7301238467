using System.Collections;
using System.Globalization;
using System.Resources;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Tests.Specs;

[Trait("Rule", "GWY-3")]
public sealed class GatewayProblemSpecs
{
    private static readonly ResourceManager Texts = GatewayProblems.All[0].Texts;

    [Theory]
    [InlineData("")]
    [InlineData("ja")]
    public void Every_code_has_a_text_and_every_text_a_code(string language)
    {
        var keys = Texts.GetResourceSet(CultureInfo.GetCultureInfo(language), createIfNotExists: true, tryParents: false)!
            .Cast<DictionaryEntry>().Select(e => (string)e.Key).Order(StringComparer.Ordinal);

        Assert.Equal(GatewayProblems.All.Select(c => c.Code).Order(StringComparer.Ordinal), keys);
    }

    [Fact]
    public void Every_code_of_the_page_is_listed()
    {
        var fields = typeof(GatewayProblems).GetFields().Where(f => f.FieldType == typeof(ProblemCode)).Select(f => (ProblemCode)f.GetValue(null)!);

        Assert.Equal(fields.ToHashSet(), GatewayProblems.All.ToHashSet());
    }

    [Fact]
    public void No_text_tells_a_threshold()
        => Assert.All(GatewayProblems.All, c => Assert.DoesNotMatch("[0-9]", Texts.GetString(c.Code, CultureInfo.GetCultureInfo("ja"))!));
}
