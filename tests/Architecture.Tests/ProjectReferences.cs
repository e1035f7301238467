using System.Xml.Linq;
using Xunit;

namespace Hikyaku.Architecture.Tests;

public class ProjectReferences
{
    [Fact]
    public void A_deployable_knows_the_platform_and_the_contracts_of_others_only()
    {
        Assert.NotEmpty(Repository.Deployables);
        Assert.Empty(Repository.Deployables.SelectMany(StrangersOf));
    }

    [Fact]
    public void Contracts_know_nothing_but_what_all_share()
    {
        Assert.Contains(Repository.Projects, p => p.IsContracts);
        Assert.Empty(Repository.Projects.Where(p => p.IsContracts).SelectMany(BurdensOf));
    }

    [Theory]
    [InlineData("<ProjectReference Include=\"../../accounts/Accounts/Accounts.csproj\" />")]
    [InlineData("<ProjectReference Include=\"../../datacopy/Copier/Copier.csproj\" />")]
    [InlineData("<ProjectReference Include=\"..\\..\\..\\platform\\Platform.Testing\\Platform.Testing.csproj\" />")]
    public void A_stranger_is_found(string reference) => Assert.Single(StrangersOf(Planted("Routing", reference)));

    [Theory]
    [InlineData("<ProjectReference Include=\"../../accounts/Accounts.Contracts/Accounts.Contracts.csproj\" />")]
    [InlineData("<PackageReference Include=\"Marten\" />")]
    [InlineData("<FrameworkReference Include=\"Microsoft.AspNetCore.App\" />")]
    [InlineData("<PackageReference Include=\"Microsoft.CodeAnalysis.PublicApiAnalyzers\" />")] // would come along to others
    public void A_burden_of_contracts_is_found(string reference) => Assert.Single(BurdensOf(Planted("Routing.Contracts", reference)));

    private static IEnumerable<string> StrangersOf(Project project)
        => project.ProjectReferences.Where(r => r != "Platform" && !r.EndsWith(".Contracts", StringComparison.Ordinal) && !Repository.IsLibraryOf(project, r))
            .Select(r => $"{project.Name} → {r}");

    private static IEnumerable<string> BurdensOf(Project contracts)
        => contracts.Xml.Descendants()
            .Where(e => e.Name.LocalName is "ProjectReference" or "PackageReference" or "FrameworkReference" && (string?)e.Attribute("PrivateAssets") != "all")
            .Select(e => (string)e.Attribute("Include")!)
            .Where(r => Path.GetFileNameWithoutExtension(r) != "Hikyaku.Contracts" || contracts.Name == "Hikyaku.Contracts")
            .Select(r => $"{contracts.Name} → {r}");

    private static Project Planted(string name, string reference)
        => new(name, XDocument.Parse($"<Project Sdk=\"Microsoft.NET.Sdk\"><ItemGroup>{reference}</ItemGroup></Project>"));
}
