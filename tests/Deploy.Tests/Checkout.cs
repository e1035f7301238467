namespace Hikyaku.Deploy.Tests;

/// <summary>The checkout that the tests were built from.</summary>
internal static class Checkout
{
    private static readonly string Root = FindRoot(AppContext.BaseDirectory);

    public static string Path(params string[] below) => System.IO.Path.Combine([Root, .. below]);

    public static string Read(params string[] below) => File.ReadAllText(Path(below));

    private static string FindRoot(string folder)
        => File.Exists(System.IO.Path.Combine(folder, "platform.sln"))
            ? folder
            : FindRoot(System.IO.Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside of a checkout"));
}
