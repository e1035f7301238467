using System.Text.RegularExpressions;

namespace Hikyaku.Deploy.Tests;

/// <summary>What <c>kubectl kustomize</c> makes of an overlay of <c>deploy/k8s</c>. It asks no server. <c>HIKYAKU_KUBECTL</c> names the program.</summary>
internal static partial class Overlay
{
    private static string Program => Environment.GetEnvironmentVariable("HIKYAKU_KUBECTL") is { Length: > 0 } program ? program : "kubectl";

    public static readonly string[] Names = [.. Directory.EnumerateDirectories(Checkout.Path("deploy", "k8s", "overlays")).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    private static readonly Dictionary<string, Lazy<Task<string>>> Texts = Names.ToDictionary(
        n => n, n => new Lazy<Task<string>>(() => Shell.RunAsync(Program, "kustomize", Checkout.Path("deploy", "k8s", "overlays", n))));

    private static readonly Dictionary<string, Lazy<Task<Manifests>>> Rendered = Names.ToDictionary(n => n, n => new Lazy<Task<Manifests>>(() => ReadAsync(n)));

    /// <summary>The table below "Secrets" of <c>deploy/k8s/README.md</c>: names and keys.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Outside = SecretsOf(Checkout.Read("deploy", "k8s", "README.md"));

    public static Task<string> TextOf(string name) => Texts[name].Value;

    public static Task<Manifests> Of(string name) => Rendered[name].Value;

    public static IReadOnlyDictionary<string, string[]> SecretsOf(string page)
        => SecretLine().Matches(page[page.IndexOf("## Secrets", StringComparison.Ordinal)..])
            .SelectMany(m => Code().Matches(m.Groups[1].Value).Select(name => (Name: name.Groups[1].Value, Keys: Code().Matches(m.Groups[2].Value).Select(k => k.Groups[1].Value).ToArray())))
            .ToDictionary(s => s.Name, s => s.Keys);

    private static async Task<Manifests> ReadAsync(string name) => Manifests.Read(await TextOf(name), Outside);

    [GeneratedRegex(@"^\| (`[^|]*`) \| (`[^|]*`) \|", RegexOptions.Multiline)]
    private static partial Regex SecretLine();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
