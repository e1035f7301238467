using Hikyaku.Gateway.Tests.Integration;

[assembly: AssemblyFixture(typeof(Deployment))]
