using System.Reflection;
using System.Xml.Linq;

namespace Hikyaku.Architecture.Tests;

/// <summary>One csproj.</summary>
internal sealed record Project(string Name, XDocument Xml, string? Folder = null)
{
    /// <summary>Whether it has code and is no program: a program of the same folder has it.</summary>
    public bool IsLibrary => !IsContracts && (string?)Xml.Root!.Attribute("Sdk") == "Microsoft.NET.Sdk" && Xml.Descendants("OutputType").All(t => t.Value != "Exe");

    public bool IsContracts => Name.EndsWith(".Contracts", StringComparison.Ordinal);

    public Assembly Assembly => Assembly.Load(Name);

    /// <summary>Names of projects. Of all contracts at once (<c>services/*/*.Contracts/*.csproj</c>): the folder's, <c>*.Contracts</c>.</summary>
    public IEnumerable<string> ProjectReferences => References("ProjectReference").Select(p => p.Replace('\\', '/')).Select(p =>
        Path.GetFileNameWithoutExtension(p) is var name && name == "*" ? Path.GetFileName(Path.GetDirectoryName(p))! : name);

    public IEnumerable<string> PackageReferences => References("PackageReference");

    private IEnumerable<string> References(string kind) => Xml.Descendants(kind).Select(r => (string)r.Attribute("Include")!);
}

/// <summary>The checkout that the tests were built from.</summary>
internal static class Repository
{
    public static readonly string Root = FindRoot(AppContext.BaseDirectory);

    /// <summary>Everything below contracts, services, gateway, mailnode, panel and webmail: what is deployed, and contracts.</summary>
    public static readonly IReadOnlyList<Project> Projects =
    [
        .. ProjectsBelow(Path.Combine(Root, "contracts"), depth: 1),
        .. ProjectsBelow(Path.Combine(Root, "services"), depth: 2),
        .. ProjectsBelow(Path.Combine(Root, "gateway"), depth: 1),
        .. ProjectsBelow(Path.Combine(Root, "mailnode"), depth: 1),
        .. ProjectsBelow(Path.Combine(Root, "panel"), depth: 1),
        .. ProjectsBelow(Path.Combine(Root, "webmail"), depth: 1),
    ];

    public static readonly Assembly Platform = typeof(Hikyaku.Platform.Decision).Assembly;

    /// <summary>The projects with code of their own.</summary>
    public static IEnumerable<Project> Deployables => Projects.Where(p => !p.IsContracts);

    /// <summary>The projects of services that have event streams: folders of services/.</summary>
    public static IEnumerable<Project> Services
        => ProjectsBelow(Path.Combine(Root, "services"), depth: 2).Where(p => p is { IsContracts: false, IsLibrary: false });

    /// <summary>Whether a project is a library that belongs to another one: it lies in the same folder.</summary>
    public static bool IsLibraryOf(Project project, string library)
        => Projects.Any(l => l.Name == library && l.IsLibrary && Projects.Any(p => p.Name == project.Name && p.Folder == l.Folder));

    /// <summary>All files of a kind that people write, below a folder of the checkout.</summary>
    public static IEnumerable<string> Files(string folder, string pattern)
        => Directory.Exists(Path.Combine(Root, folder))
            ? Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories).Where(IsWritten)
            : [];

    private static bool IsWritten(string file) => !file.Split(Path.DirectorySeparatorChar).Intersect(["bin", "obj"]).Any();

    private static IEnumerable<Project> ProjectsBelow(string folder, int depth)
        => depth == 0
            ? Directory.EnumerateFiles(folder, "*.csproj").Select(f => new Project(Path.GetFileNameWithoutExtension(f), XDocument.Load(f), Path.GetDirectoryName(folder)))
            : Directory.Exists(folder) ? Directory.EnumerateDirectories(folder).SelectMany(d => ProjectsBelow(d, depth - 1)) : [];

    private static string FindRoot(string folder)
        => File.Exists(Path.Combine(folder, "platform.sln"))
            ? folder
            : FindRoot(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside of a checkout"));
}
