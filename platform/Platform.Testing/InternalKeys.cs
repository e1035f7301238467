using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Hikyaku.Platform.Testing;

/// <summary>
/// The keys that deployables read from files, made for one test: the gateway's signing key, a data key, credentials of
/// nodes. Answers them as command-line settings, and signs tokens in the gateway's place.
/// </summary>
public sealed class InternalKeys : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hikyaku-test-keys-").FullName;
    private readonly Dictionary<string, string> _credentials;

    private InternalKeys(IEnumerable<string> nodes)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(PrivateKey, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(PublicKey, key.ExportSubjectPublicKeyInfoPem());
        File.WriteAllText(DataKey, RandomHex());
        _credentials = nodes.ToDictionary(n => n, _ => RandomHex(), StringComparer.Ordinal);
        foreach (var (node, credential) in _credentials) File.WriteAllText(CredentialFile(node), credential);
    }

    private string PrivateKey => Path.Combine(_folder, "token.key");

    private string PublicKey => Path.Combine(_folder, "token.pub");

    /// <summary>The file with the data key.</summary>
    public string DataKey => Path.Combine(_folder, "data.key");

    /// <summary>Makes new keys, and a credential for each named node.</summary>
    public static InternalKeys Create(params string[] nodes) => new(nodes);

    /// <summary>What a service is told: the token's public key, the data key, each node's hashed credential.</summary>
    public string[] ForService() =>
    [
        $"--Hikyaku:TokenPublicKey={PublicKey}", $"--Hikyaku:KeyFile={DataKey}",
        .. _credentials.Select(n => $"--Hikyaku:Nodes:{n.Key}={Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(n.Value)))}"),
    ];

    /// <summary>What the gateway is told: the token's private key.</summary>
    public string[] ForGateway() => [$"--Hikyaku:TokenPrivateKey={PrivateKey}"];

    /// <summary>What a node is told: its name and the file with its credential.</summary>
    public string[] ForNode(string node) => [$"--Hikyaku:Node={node}", $"--Hikyaku:NodeCredential={CredentialFile(node)}"];

    /// <summary>A node's bearer credential, <c>NODE.CREDENTIAL</c>.</summary>
    public string NodeBearer(string node) => $"{node}.{_credentials[node]}";

    /// <summary>An internal token as the gateway issues it.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="target">About which account.</param>
    /// <param name="time">The gateway's clock; the system's unless given.</param>
    public string Token(Caller caller, Target? target = null, TimeProvider? time = null)
    {
        var configuration = new ConfigurationBuilder().AddCommandLine(ForGateway()).Build();
        return new InternalTokenIssuer(configuration, time ?? TimeProvider.System).Issue(caller, target);
    }

    /// <summary>Removes the files.</summary>
    public void Dispose()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    private static string RandomHex() => RandomNumberGenerator.GetHexString(64, lowercase: true);

    private string CredentialFile(string node) => Path.Combine(_folder, $"{node}.credential");
}
